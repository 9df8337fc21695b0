import { parseOptions } from '@node-rs/argon2';
import { expect, test } from 'vitest';
import { hashNewPassword, hashPassword, isOutdated, passwordProblem, verifyPassword } from './passwords.ts';

test.each([
  ['nine char', 'nine char'],
  ['nine characters of two code units each', '𝔞'.repeat(9)],
  ['nothing', ''],
])('refuses a short password: %s', (_name, password) => {
  expect(passwordProblem(password)).toMatch(/at least 10 characters/);
});

test('counts characters, not code units or bytes', () => {
  expect(passwordProblem('港口吊车与粮食船队啊')).toBeUndefined();
  expect(passwordProblem('𝔞𝔟𝔠𝔡𝔢𝔣𝔤𝔥𝔦𝔧')).toBeUndefined();
});

test('asks for no composition', () => {
  expect(passwordProblem('grain harbour')).toBeUndefined();
});

test.each(['password123', 'PassWord123', 'qwertyuiop', '1234567890', '1q2w3e4r5t', '１２３４５６７８９０'])(
  'refuses the common password %s',
  (password) => {
    expect(passwordProblem(password)).toMatch(/most common/);
  },
);

test('refuses more than 1024 bytes', () => {
  expect(passwordProblem('é'.repeat(512))).toBeUndefined();
  expect(passwordProblem('é'.repeat(513))).toMatch(/at most 1024 bytes/);
});

test('names the field of a refused password', async () => {
  await expect(hashNewPassword('short', 'new_password')).rejects.toMatchObject({
    code: 'validation',
    details: [{ field: 'new_password', message: 'must be at least 10 characters long' }],
  });
});

test('hashes with argon2id at the parameters that OWASP names', async () => {
  const stored = await hashNewPassword('grain harbour');
  expect(stored).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  expect(isOutdated(stored)).toBe(false);
  expect(isOutdated(stored.replace('t=2', 't=1'))).toBe(true);
  expect(parseOptions(stored).saltLen).toBeGreaterThanOrEqual(16);
});

test('verifies the right password only, in any Unicode form', async () => {
  const stored = await hashPassword('cafe\u0301 harbour');
  expect(await verifyPassword(stored, 'caf\u00e9 harbour')).toBe(true);
  expect(await verifyPassword(stored, 'cafe harbour')).toBe(false);
  expect(await verifyPassword(stored, '')).toBe(false);
});

test('cuts a password that is too long to be right, and never matches it', async () => {
  const stored = await hashPassword('');
  expect(await verifyPassword(stored, 'x'.repeat(1_000_000))).toBe(false);
});

test('without a user the work is done too, and in vain', async () => {
  const stored = await hashPassword('grain harbour');
  const took = { known: [] as number[], unknown: [] as number[] };
  for (let round = 0; round < 9; round++) {
    for (const [kind, hash] of [['known', stored] as const, ['unknown', undefined] as const]) {
      const start = process.cpuUsage();
      expect(await verifyPassword(hash, 'not the password')).toBe(false);
      const { user, system } = process.cpuUsage(start);
      took[kind].push(user + system);
    }
  }
  // Processor time, not the clock's: without the work it would be a thousandth, whatever else the machine does.
  expect(Math.min(...took.unknown)).toBeGreaterThan(Math.min(...took.known) / 4);
});

test('many verifications at once all end, each with its own answer', async () => {
  const stored = await hashPassword('grain harbour');
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, index) => verifyPassword(stored, index % 3 === 0 ? 'grain harbour' : 'wrong one')),
  );
  expect(answers).toEqual(Array.from({ length: 12 }, (_, index) => index % 3 === 0));
});
