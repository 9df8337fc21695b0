import { createHmac } from 'node:crypto';
import { createSigner } from 'fast-jwt';
import { expect, test } from 'vitest';
import { deriveKey } from './master-key.ts';
import { newFamilyId, TokenCodec } from './token-codec.ts';

const master = Buffer.alloc(32, 7);
const codec = new TokenCodec(master);
const key = deriveKey(master, 'access token v1');
const claims = { sub: 'user:1', role: 'admin', sid: newFamilyId() };
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

test('an access token reads back as what was signed, lasts an hour and names its algorithm, type and audience', () => {
  const token = codec.signAccess(claims);
  const [header, payload] = token.split('.', 2).map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()));
  expect(header).toEqual({ alg: 'HS256', typ: 'at+jwt' });
  expect(payload).toMatchObject({ ...claims, iss: 'longshore', aud: 'longshore-api' });
  expect(payload.exp - payload.iat).toBe(3600);
  expect(codec.readAccess(token)).toMatchObject(claims);
});

/** A signed token that is right but for what `header` and `payload` change. */
function forged(header: object, payload: object, signingKey = key): string {
  const now = Math.floor(Date.now() / 1000);
  const input = `${encode({ alg: 'HS256', typ: 'at+jwt', ...header })}.${encode({
    ...claims,
    iss: 'longshore',
    aud: 'longshore-api',
    iat: now,
    exp: now + 60,
    ...payload,
  })}`;
  return `${input}.${createHmac('sha256', signingKey).update(input).digest('base64url')}`;
}

test('the forger of these tests can make a good token', () => {
  expect(codec.readAccess(forged({}, {}))).toMatchObject(claims);
});

test.each([
  ['another key', forged({}, {}, Buffer.alloc(32, 8))],
  ['another type', forged({ typ: 'JWT' }, {})],
  ['no type', forged({ typ: undefined }, {})],
  ['another algorithm', forged({ alg: 'HS512' }, {})],
  ['another audience', forged({}, { aud: 'somebody' })],
  ['another issuer', forged({}, { iss: 'somebody' })],
  ['no end', forged({}, { exp: undefined })],
  ['no session', forged({}, { sid: undefined })],
  ['a session that is no text', forged({}, { sid: 7 })],
  ['an unknown critical header', forged({ crit: ['b64'], b64: false }, {})],
  ['no signature', forged({}, {}).replace(/[^.]*$/, '')],
  ['algorithm none', `${encode({ alg: 'none', typ: 'at+jwt' })}.${forged({}, {}).split('.')[1]}.`],
  ['more than 4096 characters', forged({}, { role: 'x'.repeat(5000) })],
  ['no token', 'rubbish'],
  ['nothing', ''],
])('refuses a token with %s', (_name, token) => {
  expect(() => codec.readAccess(token)).toThrow('The token is not valid.');
});

test('says so when a token has expired', () => {
  const past = Math.floor(Date.now() / 1000) - 10;
  expect(() => codec.readAccess(forged({}, { iat: past - 60, exp: past }))).toThrow('The token has expired.');
});

test('an access token of another product with the same key but made plainly is refused', () => {
  const sign = createSigner({ key, algorithm: 'HS256', expiresIn: 60_000 });
  expect(() => codec.readAccess(sign(claims))).toThrow('The token is not valid.');
});

test('a refresh token names its family, and its successor is always the same and known to the key alone', () => {
  const family = newFamilyId();
  const token = codec.newRefresh(family);
  expect(codec.refreshFamily(token)).toBe(family);
  const successor = codec.successorOf(token, family);
  expect(codec.refreshFamily(successor)).toBe(family);
  expect(codec.successorOf(token, family)).toBe(successor);
  expect(new TokenCodec(Buffer.alloc(32, 8)).successorOf(token, family)).not.toBe(successor);
  expect(codec.refreshFamily(codec.signAccess(claims))).toBeUndefined();
});

test('a session is only what we made, and its CSRF token is of that session alone', () => {
  const [family, other] = [newFamilyId(), newFamilyId()];
  const session = codec.session(family);
  expect(codec.sessionFamily(session)).toBe(family);
  expect(codec.sessionFamily(session.replace(family, other))).toBeUndefined();
  expect(codec.sessionFamily(family)).toBeUndefined();
  expect(codec.sessionFamily(`${session}A`)).toBeUndefined();
  expect(codec.csrfMatches(family, codec.csrfToken(family))).toBe(true);
  expect(codec.csrfMatches(other, codec.csrfToken(family))).toBe(false);
  expect(codec.csrfMatches(family, '')).toBe(false);
  expect(codec.csrfToken(family)).not.toBe(session.split('.')[1]);
});
