import { beforeEach, expect, test } from 'vitest';
import { actingAs, GOOD_PASSWORD, makeUser, setup } from '../../test/support/auth.ts';
import { afterFile } from '../../test/support/cleanup.ts';
import { createTestDatabase, silent } from '../../test/support/database.ts';
import { Listener } from '../store/listener.ts';
import { Store } from '../store/store.ts';
import { type CreatedKey, createApiKey, type KeyInput, revokeApiKey } from './api-keys.ts';
import { AUTH_CHANGED_CHANNEL, Authenticator } from './authenticator.ts';
import type { User } from './queries/user_get.ts';
import { createRole, updateRole } from './roles.ts';
import { signIn, signInToConsole } from './sign-in.ts';
import { TokenCodec } from './token-codec.ts';
import { deleteUser, updateUser } from './users.ts';

const { store, url, directUrl } = await createTestDatabase();
const codec = new TokenCodec(Buffer.alloc(32, 1));
const authenticator = new Authenticator({ store, codec, logger: silent });
const refused = { code: 'unauthenticated' };

let user: User;
let key: CreatedKey;
beforeEach(async () => {
  await makeUser(store, 'admin');
  user = await makeUser(store, 'operator');
  key = await makeKey();
});

const makeKey = (input: Partial<KeyInput> = {}) =>
  store.transaction((tx) =>
    createApiKey(tx, actingAs(user), 'key', { name: 'k', permissions: ['view', 'create', 'update'], ...input }),
  );
const byKey = (secret = key.secret, by = authenticator) => by.authenticate({ apiKey: secret, safeMethod: false });

test('takes an API key in either header', async () => {
  const identity = await byKey();
  expect(identity).toMatchObject({
    kind: 'api_key',
    principal: `key:${key.id}`,
    id: key.id,
    userId: user.id,
    username: user.username,
    isAdmin: false,
    sessionId: null,
  });
  expect([...identity.permissions].sort()).toEqual(['create', 'sync:read', 'sync:write', 'update', 'view']);
  for (const authorization of [`Bearer ${key.secret}`, `bearer ${key.secret} `]) {
    expect(await authenticator.authenticate({ authorization, safeMethod: false })).toMatchObject({ id: key.id });
  }
});

test('refuses whoever brings nothing, or something odd', async () => {
  for (const credentials of [
    {},
    { authorization: '' },
    { authorization: 'Basic YWRtaW46YWRtaW4=' },
    { authorization: 'Bearer' },
    { authorization: 'Bearer a b' },
    { authorization: 'Bearer rubbish' },
    { apiKey: '' },
    { apiKey: 'sk_live_\0' },
    { cookie: '' },
    { cookie: 'longshore_session=' },
    { cookie: 'longshore_session=rubbish; x' },
    { cookie: 'theme=dark' },
  ]) {
    await expect(authenticator.authenticate({ ...credentials, safeMethod: true })).rejects.toMatchObject(refused);
  }
});

test('a right id with a wrong secret is refused, also after the right one was seen', async () => {
  await byKey();
  const wrong = key.secret.slice(0, -1) + (key.secret.endsWith('a') ? 'b' : 'a');
  await expect(byKey(wrong)).rejects.toMatchObject(refused);
  await expect(byKey(`sk_live_${'x'.repeat(60)}`)).rejects.toMatchObject(refused);
});

test('a bad header is not made good by a good cookie', async () => {
  const { session } = await signInToConsole(store, codec, { username: user.username, password: GOOD_PASSWORD });
  const cookie = `longshore_session=${session.cookie}`;
  expect(await authenticator.authenticate({ cookie, safeMethod: true })).toMatchObject({ userId: user.id });
  await expect(
    authenticator.authenticate({ authorization: 'Bearer rubbish', cookie, safeMethod: true }),
  ).rejects.toMatchObject(refused);
});

test('the access token of a sign-in makes no console session, and none is made from its claims', async () => {
  const { tokens } = await signIn(store, codec, { username: user.username, password: GOOD_PASSWORD });
  const { sid } = codec.readAccess(tokens.accessToken);
  await expect(
    authenticator.authenticate({ cookie: `longshore_session=${codec.session(sid)}`, safeMethod: true }),
  ).rejects.toMatchObject(refused);
});

test("a token whose subject is not its family's is refused", async () => {
  const { tokens } = await signIn(store, codec, { username: user.username, password: GOOD_PASSWORD });
  const { sid } = codec.readAccess(tokens.accessToken);
  const swapped = codec.signAccess({ sub: 'user:1', role: 'admin', sid });
  await expect(
    authenticator.authenticate({ authorization: `Bearer ${swapped}`, safeMethod: true }),
  ).rejects.toMatchObject(refused);
});

test('a key ends when it is revoked, expires, or its owner is deactivated or deleted', async () => {
  await byKey();
  await authenticator.change((tx) => revokeApiKey(tx, actingAs(user), 'key', key.id));
  await expect(byKey()).rejects.toMatchObject(refused);

  const expiring = await makeKey({ expiresAt: new Date(Date.now() + 3_600_000) });
  await byKey(expiring.secret);
  await store.query('UPDATE longshore.api_keys SET expires_at = now() WHERE id = $1', [expiring.id]);
  authenticator.forget();
  await expect(byKey(expiring.secret)).rejects.toMatchObject(refused);

  const other = await makeKey();
  await byKey(other.secret);
  await authenticator.change((tx) => updateUser(tx, setup, user.id, { isActive: false }));
  await expect(byKey(other.secret)).rejects.toMatchObject(refused);
  await authenticator.change((tx) => updateUser(tx, setup, user.id, { isActive: true }));
  await byKey(other.secret);
  await authenticator.change((tx) => deleteUser(tx, setup, user.id));
  await expect(byKey(other.secret)).rejects.toMatchObject(refused);
});

test('a key shrinks with its owner, and a change of a role holds for who has it', async () => {
  await authenticator.change((tx) =>
    createRole(tx, setup, { name: `role-${user.id}`, permissions: ['view', 'create'] }),
  );
  await authenticator.change((tx) => updateUser(tx, setup, user.id, { role: `role-${user.id}` }));
  expect([...(await byKey()).permissions].sort()).toEqual(['create', 'sync:read', 'view']);
  await authenticator.change((tx) => updateRole(tx, setup, `role-${user.id}`, { permissions: [] }));
  expect((await byKey()).permissions.size).toBe(0);
});

test('the use of a key is noted, at most once a minute', async () => {
  const lastUsed = async () =>
    (
      await store.query<{ at: Date | null }>('SELECT last_used_at AS at FROM longshore.api_keys WHERE id = $1', [
        key.id,
      ])
    )[0]?.at;
  expect(await lastUsed()).toBeNull();
  await byKey();
  const first = await lastUsed();
  expect(first).toBeInstanceOf(Date);
  authenticator.forget();
  await byKey();
  expect(await lastUsed()).toEqual(first);
  await store.query(`UPDATE longshore.api_keys SET last_used_at = now() - interval '61 seconds'`);
  authenticator.forget();
  await byKey();
  expect((await lastUsed())?.getTime()).toBeGreaterThanOrEqual(first?.getTime() ?? Number.POSITIVE_INFINITY);
});

test('asks the database once for many requests', async () => {
  let queries = 0;
  class CountingStore extends Store {
    override async query<Row extends object>(sql: string, params?: readonly unknown[]): Promise<Row[]> {
      queries += 1;
      return super.query<Row>(sql, params);
    }
  }
  const counting = new CountingStore({ url, poolSize: 2, logger: silent, applicationName: 'longshore test' });
  afterFile(() => counting.close());
  const other = new Authenticator({ store: counting, codec, logger: silent, now: () => 0 });
  await byKey(key.secret, other);
  expect(queries).toBe(2);
  await Promise.all(Array.from({ length: 50 }, () => byKey(key.secret, other)));
  expect(queries).toBe(2);
});

test('another server hears of a change from the database', async () => {
  const listener = new Listener({ url: directUrl, logger: silent });
  // Its clock stands still: without the hint it would never ask again.
  const other = new Authenticator({ store, codec, logger: silent, now: () => 0 });
  let heard: () => void = () => undefined;
  listener.on(AUTH_CHANGED_CHANNEL, () => {
    other.forget();
    heard();
  });
  const connected = new Promise<void>((resolve) => {
    heard = resolve;
  });
  await listener.start();
  afterFile(() => listener.stop());
  await connected;
  await byKey(key.secret, other);
  const told = new Promise<void>((resolve) => {
    heard = resolve;
  });
  await authenticator.change((tx) => revokeApiKey(tx, actingAs(user), 'key', key.id));
  await told;
  await expect(byKey(key.secret, other)).rejects.toMatchObject(refused);
});

test('a change that fails changes nothing, and says why', async () => {
  await expect(
    authenticator.change(async (tx) => {
      await revokeApiKey(tx, actingAs(user), 'key', key.id);
      throw new Error('changed my mind');
    }),
  ).rejects.toThrow('changed my mind');
  expect(await byKey()).toMatchObject({ id: key.id });
});
