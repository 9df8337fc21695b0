import { beforeEach, expect, test } from 'vitest';
import { actingAs, GOOD_PASSWORD, makeUser, setup } from '../../test/support/auth.ts';
import { createTestDatabase, silent } from '../../test/support/database.ts';
import { listAudit } from './audit.ts';
import { Authenticator } from './authenticator.ts';
import { lockRefreshToken } from './queries/refresh_spend.ts';
import type { User } from './queries/user_get.ts';
import { refreshTokens, revokeToken, signOut, startConsoleSession, startTokens, type TokenPair } from './sessions.ts';
import { signIn } from './sign-in.ts';
import { newFamilyId, sha256, TokenCodec } from './token-codec.ts';
import { pruneTokens } from './token-pruner.ts';
import { updateUser } from './users.ts';

const { store } = await createTestDatabase();
const codec = new TokenCodec(Buffer.alloc(32, 1));
const authenticator = new Authenticator({ store, codec, logger: silent });

let user: User;
let tokens: TokenPair;
beforeEach(async () => {
  user = await makeUser(store, 'admin');
  ({ tokens } = await signIn(store, codec, { username: user.username, password: GOOD_PASSWORD }));
});

const refresh = (token: string) => refreshTokens(store, codec, token, { address: '192.0.2.3' });
const authenticate = ({ accessToken }: TokenPair) =>
  authenticator.authenticate({ authorization: `Bearer ${accessToken}`, safeMethod: true });
const refused = { code: 'unauthenticated' };
/** What waiting would do: the repeats of spent tokens come too late. */
const letTimePass = () =>
  store.query(`UPDATE longshore.refresh_tokens SET spent_at = spent_at - interval '11 seconds'`);

test('a refresh token buys a new pair, and its successor the next', async () => {
  let pair = tokens;
  const seen = new Set([pair.refreshToken]);
  for (let n = 0; n < 3; n++) {
    pair = await refresh(pair.refreshToken);
    seen.add(pair.refreshToken);
    expect(await authenticate(pair)).toMatchObject({ principal: `user:${user.id}` });
    await letTimePass();
  }
  expect(seen.size).toBe(4);
});

test('no token is stored', async () => {
  const { refreshToken } = await refresh(tokens.refreshToken);
  const rows = await store.query<{ hash: Buffer }>('SELECT * FROM longshore.refresh_tokens');
  const text = rows.map((row) => `${row.hash.toString('latin1')} ${JSON.stringify(row)}`).join();
  for (const token of [tokens.refreshToken, refreshToken]) expect(text).not.toContain(token.slice(-43));
});

test('a repeat whose first answer was lost gets the very same successor', async () => {
  const first = await refresh(tokens.refreshToken);
  await store.query('UPDATE longshore.refresh_tokens SET spent_at = clock_timestamp() WHERE spent_at IS NOT NULL');
  const again = await refresh(tokens.refreshToken);
  expect(again.refreshToken).toBe(first.refreshToken);
  expect(await authenticate(again)).toMatchObject({ userId: user.id });
});

test('of many refreshes at once all get the same successor, and nobody is signed out', async () => {
  const waiting = async () =>
    (
      await store.query(
        `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      )
    ).length;
  // All of them are under way before the first one gets the token.
  const refreshes = await store.transaction(async (tx) => {
    await lockRefreshToken(tx, sha256(tokens.refreshToken));
    const started = Array.from({ length: 8 }, () => refresh(tokens.refreshToken));
    await expect.poll(waiting, { timeout: 50_000 }).toBe(8);
    return { pairs: Promise.all(started) };
  });
  const pairs = await refreshes.pairs;
  expect(new Set(pairs.map((pair) => pair.refreshToken)).size).toBe(1);
  expect(await refresh(pairs[0]?.refreshToken ?? '')).toHaveProperty('accessToken');
});

test('a spent token that comes late ends the whole family, and the trail says so', async () => {
  const successor = await refresh(tokens.refreshToken);
  await letTimePass();
  await expect(refresh(tokens.refreshToken)).rejects.toMatchObject(refused);
  await expect(refresh(successor.refreshToken)).rejects.toMatchObject(refused);
  authenticator.forget();
  await expect(authenticate(successor)).rejects.toMatchObject(refused);
  expect(await listAudit(store, { target: `user:${user.id}`, limit: 1 })).toMatchObject([
    { action: 'session.reuse', outcome: 'denied', address: '192.0.2.3' },
  ]);
});

test('a spent token whose successor was used ends the family, however soon it comes', async () => {
  const successor = await refresh(tokens.refreshToken);
  const latest = await refresh(successor.refreshToken);
  await expect(refresh(tokens.refreshToken)).rejects.toMatchObject(refused);
  await expect(refresh(latest.refreshToken)).rejects.toMatchObject(refused);
});

test("another sign-in of the same user outlives a family's end", async () => {
  const other = await signIn(store, codec, { username: user.username, password: GOOD_PASSWORD });
  await refresh(tokens.refreshToken);
  await letTimePass();
  await expect(refresh(tokens.refreshToken)).rejects.toMatchObject(refused);
  expect(await refresh(other.tokens.refreshToken)).toHaveProperty('accessToken');
});

test.each([
  ['no token', 'rubbish'],
  ['an empty one', ''],
  ['one that we never gave out', codec.newRefresh(newFamilyId())],
])('refuses %s', async (_name, token) => {
  await expect(refresh(token)).rejects.toMatchObject(refused);
});

test('refuses an access token, an expired token, and one of an expired family', async () => {
  await expect(refresh(tokens.accessToken)).rejects.toMatchObject(refused);
  const id = codec.refreshFamily(tokens.refreshToken);
  await store.query(`UPDATE longshore.refresh_tokens SET expires_at = now() WHERE family_id = $1`, [id]);
  await expect(refresh(tokens.refreshToken)).rejects.toMatchObject(refused);
  await store.query(`UPDATE longshore.refresh_tokens SET expires_at = now() + interval '1 day'`);
  await store.query(`UPDATE longshore.token_families SET expires_at = now() WHERE id = $1`, [id]);
  await expect(refresh(tokens.refreshToken)).rejects.toMatchObject(refused);
});

test('a refresh token is no access token', async () => {
  await expect(
    authenticator.authenticate({ authorization: `Bearer ${tokens.refreshToken}`, safeMethod: true }),
  ).rejects.toMatchObject({ ...refused, message: expect.stringContaining('refresh token') });
});

test('signing out ends the family at once, and is written down', async () => {
  const identity = await authenticate(tokens);
  await authenticator.change((tx) => signOut(tx, { identity }));
  await expect(authenticate(tokens)).rejects.toMatchObject({ ...refused, message: 'The token was revoked.' });
  await expect(refresh(tokens.refreshToken)).rejects.toMatchObject(refused);
  await authenticator.change((tx) => signOut(tx, { identity }));
  const trail = await listAudit(store, { target: `user:${user.id}`, action: 'session.sign_out', limit: 5 });
  expect(trail).toHaveLength(1);
});

test.each(['accessToken', 'refreshToken'] as const)(
  'revoking by %s ends the family; anything else is no error',
  async (kind) => {
    await authenticator.change((tx) => revokeToken(tx, codec, tokens[kind]));
    await expect(authenticate(tokens)).rejects.toMatchObject(refused);
    await expect(refresh(tokens.refreshToken)).rejects.toMatchObject(refused);
    for (const token of [tokens[kind], 'rubbish', '', codec.newRefresh(newFamilyId())]) {
      await authenticator.change((tx) => revokeToken(tx, codec, token));
    }
  },
);

test('a made-up refresh token does not end the family that it names', async () => {
  const family = codec.refreshFamily(tokens.refreshToken) ?? '';
  await authenticator.change((tx) => revokeToken(tx, codec, codec.newRefresh(family)));
  expect(await authenticate(tokens)).toMatchObject({ userId: user.id });
});

test.each([
  ['a new password', { password: 'another harbour entirely' }],
  ['deactivation', { isActive: false }],
])('%s ends every family of the user', async (_name, changes) => {
  const admin = await makeUser(store, 'admin');
  await authenticate(tokens);
  await authenticator.change((tx) => updateUser(tx, actingAs(admin), user.id, changes));
  await expect(authenticate(tokens)).rejects.toMatchObject(refused);
  await expect(refresh(tokens.refreshToken)).rejects.toMatchObject(refused);
});

test('credentials that ceased to hold while they were checked start nothing', async () => {
  const holder = { userId: user.id, tokenGeneration: 1, principal: `user:${user.id}`, role: 'admin' };
  await makeUser(store, 'admin');
  await store.transaction((tx) => updateUser(tx, setup, user.id, { password: 'another harbour entirely' }));
  expect(await store.transaction((tx) => startTokens(tx, codec, holder))).toBeUndefined();
  expect(await store.transaction((tx) => startConsoleSession(tx, codec, holder))).toBeUndefined();
  expect(await store.transaction((tx) => startTokens(tx, codec, { ...holder, tokenGeneration: 2 }))).toBeDefined();
});

test('activating a user again does not revive what the deactivation ended', async () => {
  await makeUser(store, 'admin');
  await authenticator.change((tx) => updateUser(tx, setup, user.id, { isActive: false }));
  await authenticator.change((tx) => updateUser(tx, setup, user.id, { isActive: true }));
  await expect(authenticate(tokens)).rejects.toMatchObject(refused);
});

test('prunes what ended long ago, with its tokens, and keeps the rest', async () => {
  await store.query('DELETE FROM longshore.token_families');
  const { tokens: old } = await signIn(store, codec, { username: user.username, password: GOOD_PASSWORD });
  await signIn(store, codec, { username: user.username, password: GOOD_PASSWORD });
  await store.query(`UPDATE longshore.token_families SET expires_at = now() - interval '31 days' WHERE id = $1`, [
    codec.refreshFamily(old.refreshToken),
  ]);
  await store.query(
    `INSERT INTO longshore.login_attempts VALUES
      ('\\x01', 5, now() - interval '2 hours', '-infinity'), ('\\x02', 5, now(), '-infinity')`,
  );
  const before = await store.query(`SELECT 1 FROM longshore.login_attempts`);
  expect(await pruneTokens(store)).toEqual({ nextInMs: 3_600_000 });
  expect(await store.query('SELECT 1 FROM longshore.token_families')).toHaveLength(1);
  expect(await store.query('SELECT 1 FROM longshore.refresh_tokens')).toHaveLength(1);
  expect(await store.query('SELECT 1 FROM longshore.login_attempts')).toHaveLength(before.length - 1);
});
