import { hash } from '@node-rs/argon2';
import { beforeEach, expect, test } from 'vitest';
import { actingAs, GOOD_PASSWORD, makeUser, setup, withKey } from '../../test/support/auth.ts';
import { createTestDatabase, silent } from '../../test/support/database.ts';
import { listAudit } from './audit.ts';
import { Authenticator } from './authenticator.ts';
import { isOutdated } from './passwords.ts';
import { selectSecretById, type User } from './queries/user_get.ts';
import { changeOwnPassword, signIn, signInToConsole } from './sign-in.ts';
import { TokenCodec } from './token-codec.ts';
import { getUser, updateUser } from './users.ts';

const { store } = await createTestDatabase();
const codec = new TokenCodec(Buffer.alloc(32, 1));
const authenticator = new Authenticator({ store, codec, logger: silent });

let user: User;
beforeEach(async () => {
  await store.query('DELETE FROM longshore.login_attempts');
  user = await makeUser(store, 'operator');
});

const from = (address: string, password = GOOD_PASSWORD, username = user.username) =>
  signIn(store, codec, { username, password, address });
const wrong = { code: 'unauthenticated', message: 'The username or the password is wrong.' };
const slowed = { code: 'rate_limited', status: 429 };

/** Stretches every block that there is, so that no test depends on being quicker than one second. */
const stretchBlocks = () =>
  store.query(
    `UPDATE longshore.login_attempts SET blocked_until = blocked_until + interval '1 hour'
      WHERE blocked_until > '-infinity'`,
  );
/** What waiting would do. */
const endBlocks = () => store.query(`UPDATE longshore.login_attempts SET blocked_until = '-infinity'`);
const setFailures = (failures: number) => store.query('UPDATE longshore.login_attempts SET failures = $1', [failures]);

/** The tenth failure is the first that blocks. */
async function failTenTimes(address: string): Promise<void> {
  await expect(from(address, 'wrong password')).rejects.toMatchObject(wrong);
  await setFailures(8);
  for (let n = 0; n < 2; n++) await expect(from(address, 'wrong password')).rejects.toMatchObject(wrong);
  await stretchBlocks();
}

test('the right password buys tokens, is noted and written down', async () => {
  const { user: shown, tokens } = await signIn(store, codec, {
    username: user.username.toUpperCase(),
    password: GOOD_PASSWORD,
    address: '192.0.2.7',
    requestId: 'req_7',
  });
  expect(shown).toEqual({ id: user.id, username: user.username, role: 'operator' });
  expect(tokens.expiresIn).toBe(3600);
  const identity = await authenticator.authenticate({
    authorization: `Bearer ${tokens.accessToken}`,
    safeMethod: false,
  });
  expect(identity).toMatchObject({ kind: 'user', principal: `user:${user.id}`, role: 'operator', isAdmin: false });
  expect((await getUser(store, user.id)).lastLoginAt).toBeInstanceOf(Date);
  expect(await listAudit(store, { target: `user:${user.id}`, limit: 1 })).toMatchObject([
    {
      principal: `user:${user.id}`,
      action: 'session.sign_in',
      address: '192.0.2.7',
      requestId: 'req_7',
      outcome: 'ok',
    },
  ]);
});

test('a wrong password, an unknown user, an inactive user and a NUL all get one answer', async () => {
  const admin = await makeUser(store, 'admin');
  await expect(from('a', 'wrong password')).rejects.toMatchObject(wrong);
  await expect(from('a', GOOD_PASSWORD, 'nobody')).rejects.toMatchObject(wrong);
  await expect(from('a', GOOD_PASSWORD, `${user.username}\0`)).rejects.toMatchObject(wrong);
  await store.transaction((tx) => updateUser(tx, actingAs(admin), user.id, { isActive: false }));
  await expect(from('a')).rejects.toMatchObject(wrong);
});

test('a failure is written down, but never what was typed', async () => {
  await expect(from('192.0.2.8', 'wrong password')).rejects.toMatchObject(wrong);
  expect(await listAudit(store, { target: `user:${user.id}`, limit: 1 })).toMatchObject([
    { principal: 'anonymous', action: 'session.sign_in', outcome: 'denied', address: '192.0.2.8' },
  ]);
  await expect(from('192.0.2.8', 'x', 'my secret typed here')).rejects.toMatchObject(wrong);
  expect(JSON.stringify(await listAudit(store, { limit: 5 }))).not.toMatch(/my secret|wrong password/);
});

test('after ten failures further ones wait ever longer, the right password too', async () => {
  await failTenTimes('192.0.2.9');
  await expect(from('192.0.2.9')).rejects.toMatchObject({ ...slowed, retryAfterSeconds: expect.any(Number) });
  const waits: number[] = [];
  for (let n = 0; n < 12; n++) {
    await endBlocks();
    await expect(from('192.0.2.9', 'wrong password')).rejects.toMatchObject(wrong);
    const [row] = await store.query<{ seconds: number }>(
      `SELECT extract(epoch FROM blocked_until - last_at)::float8 AS seconds
         FROM longshore.login_attempts WHERE blocked_until > '-infinity'`,
    );
    waits.push(row?.seconds ?? 0);
  }
  expect(waits).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
});

test('says how long to wait', async () => {
  await expect(from('192.0.2.9', 'wrong password')).rejects.toMatchObject(wrong);
  await store.query(`UPDATE longshore.login_attempts SET blocked_until = now() + interval '1 day'`);
  const refusal: unknown = await from('192.0.2.9').catch((error: unknown) => error);
  expect(refusal).toMatchObject(slowed);
  const { retryAfterSeconds } = refusal as { retryAfterSeconds: number };
  expect(Number.isInteger(retryAfterSeconds) && retryAfterSeconds > 80_000 && retryAfterSeconds <= 86_400).toBe(true);
});

test('whoever is slowed slows nobody elsewhere, and none of their neighbours', async () => {
  const other = await makeUser(store);
  await failTenTimes('192.0.2.10');
  await expect(from('192.0.2.10')).rejects.toMatchObject(slowed);
  await from('192.0.2.11');
  await from('192.0.2.10', GOOD_PASSWORD, other.username);
});

test('a success clears the count', async () => {
  for (let round = 0; round < 2; round++) {
    for (let n = 0; n < 9; n++) await expect(from('192.0.2.12', 'wrong password')).rejects.toMatchObject(wrong);
    await from('192.0.2.12');
  }
});

test('an hour without attempts forgets the count', async () => {
  await failTenTimes('192.0.2.12');
  await endBlocks();
  await store.query(`UPDATE longshore.login_attempts SET last_at = last_at - interval '61 minutes'`);
  await expect(from('192.0.2.12', 'wrong password')).rejects.toMatchObject(wrong);
  await from('192.0.2.12');
});

test('of many guesses at once no more get through than one after the other', async () => {
  await expect(from('192.0.2.13', 'wrong password')).rejects.toMatchObject(wrong);
  await setFailures(20);
  const guesses = await Promise.allSettled(Array.from({ length: 12 }, () => from('192.0.2.13', 'wrong password')));
  const codes = guesses.map((guess) => (guess.status === 'rejected' ? guess.reason.code : 'in'));
  expect(codes.filter((code) => code === 'unauthenticated')).toHaveLength(1);
  expect(codes.filter((code) => code === 'rate_limited')).toHaveLength(11);
});

test('many right passwords at once all get in', async () => {
  expect(await Promise.all(Array.from({ length: 4 }, () => from('192.0.2.14')))).toHaveLength(4);
});

test('an address that tries one username after the other is slowed as a whole, and so is its IPv6 network', async () => {
  await expect(from('2001:db8:0:7::1', 'wrong', 'nobody-1')).rejects.toMatchObject(wrong);
  await setFailures(48);
  await expect(from('2001:0db8:0000:0007:ffff::2%eth0', 'wrong', 'nobody-2')).rejects.toMatchObject(wrong);
  await expect(from('2001:db8:0:7::4', 'wrong', 'nobody-3')).rejects.toMatchObject(wrong);
  await stretchBlocks();
  await expect(from('2001:db8:0:7::3')).rejects.toMatchObject(slowed);
  await from('2001:db8:0:8::3');
});

test('a success does not lift the block of its address', async () => {
  await expect(from('192.0.2.20', 'wrong', 'nobody-1')).rejects.toMatchObject(wrong);
  await setFailures(60);
  await from('192.0.2.20');
  await expect(from('192.0.2.20')).rejects.toMatchObject(slowed);
});

test('an IPv4 address is the same in both its forms', async () => {
  await failTenTimes('192.0.2.15');
  await expect(from('::ffff:192.0.2.15')).rejects.toMatchObject(slowed);
});

test('a hash with outdated parameters is made anew when the password is at hand', async () => {
  const weak = await hash(GOOD_PASSWORD, { memoryCost: 8192, timeCost: 1 });
  await store.query('UPDATE longshore.users SET password_hash = $2 WHERE id = $1', [user.id, weak]);
  await from('192.0.2.16');
  const stored = (await selectSecretById(store, user.id))?.passwordHash ?? '';
  expect(isOutdated(stored)).toBe(false);
  await from('192.0.2.16');
});

test('a console session needs its CSRF token for what changes something', async () => {
  const { session } = await signInToConsole(store, codec, { username: user.username, password: GOOD_PASSWORD });
  const cookie = `theme=dark; longshore_session=${session.cookie}; other=1`;
  expect(await authenticator.authenticate({ cookie, safeMethod: true })).toMatchObject({ username: user.username });
  expect(await authenticator.authenticate({ cookie, csrfToken: session.csrfToken, safeMethod: false })).toMatchObject({
    username: user.username,
  });
  const other = await signInToConsole(store, codec, { username: user.username, password: GOOD_PASSWORD });
  for (const csrfToken of [undefined, '', 'x', other.session.csrfToken, session.cookie]) {
    await expect(authenticator.authenticate({ cookie, csrfToken, safeMethod: false })).rejects.toMatchObject({
      code: 'forbidden',
    });
  }
  expect(session.expiresAt.getTime()).toBeGreaterThan(Date.now());
});

test('a changed password ends all sessions, this one too, and only the new one signs in', async () => {
  const { tokens } = await from('192.0.2.17');
  const fresh = 'another harbour entirely';
  await changeOwnPassword(store, actingAs(user, '192.0.2.17'), { current: GOOD_PASSWORD, fresh });
  authenticator.forget();
  await expect(
    authenticator.authenticate({ authorization: `Bearer ${tokens.accessToken}`, safeMethod: true }),
  ).rejects.toMatchObject({ code: 'unauthenticated' });
  await expect(from('192.0.2.17')).rejects.toMatchObject(wrong);
  await from('192.0.2.17', fresh);
  expect(await listAudit(store, { action: 'user.change_password', limit: 1 })).toMatchObject([
    { principal: `user:${user.id}`, target: `user:${user.id}` },
  ]);
});

test('changing a password takes the present one, which cannot be guessed at leisure, and a user', async () => {
  const change = (current: string, fresh: string, actor = actingAs(user, '192.0.2.18')) =>
    changeOwnPassword(store, actor, { current, fresh });
  const field = (name: string) => ({ code: 'validation', details: [{ field: name }] });
  await expect(change(GOOD_PASSWORD, 'password123')).rejects.toMatchObject(field('new_password'));
  await expect(change('wrong password', 'another harbour')).rejects.toMatchObject(field('current_password'));
  await setFailures(20);
  await expect(change('wrong password', 'another harbour')).rejects.toMatchObject(field('current_password'));
  await expect(change(GOOD_PASSWORD, 'another harbour')).rejects.toMatchObject(slowed);
  await expect(change(GOOD_PASSWORD, 'another harbour', withKey(actingAs(user), ['view']))).rejects.toMatchObject({
    code: 'forbidden',
  });
  await expect(change(GOOD_PASSWORD, 'another harbour', setup)).rejects.toMatchObject({ code: 'forbidden' });
});
