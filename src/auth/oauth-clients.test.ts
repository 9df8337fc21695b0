import { beforeEach, expect, test } from 'vitest';
import { actingAs, makeUser } from '../../test/support/auth.ts';
import { createTestDatabase, silent } from '../../test/support/database.ts';
import { type CreatedKey, createApiKey, revokeApiKey } from './api-keys.ts';
import { listAudit } from './audit.ts';
import { Authenticator } from './authenticator.ts';
import { exchangeClientCredentials } from './oauth-clients.ts';
import type { User } from './queries/user_get.ts';
import { refreshTokens, type TokenPair } from './sessions.ts';
import { TokenCodec } from './token-codec.ts';

const { store } = await createTestDatabase();
const codec = new TokenCodec(Buffer.alloc(32, 1));
const authenticator = new Authenticator({ store, codec, logger: silent });

let user: User;
let client: CreatedKey;
beforeEach(async () => {
  await store.query('DELETE FROM longshore.login_attempts');
  user = await makeUser(store, 'operator');
  client = await store.transaction((tx) =>
    createApiKey(tx, actingAs(user), 'client', { name: 'erp', permissions: ['sync:read', 'sync:write'] }),
  );
});

const exchange = (more: { clientId?: string; clientSecret?: string; scope?: string } = {}) =>
  exchangeClientCredentials(store, codec, { clientId: client.id, clientSecret: client.secret, address: 'a', ...more });
const authenticate = ({ accessToken }: TokenPair) =>
  authenticator.authenticate({ authorization: `Bearer ${accessToken}`, safeMethod: false });
const refused = { code: 'unauthenticated' };

test('buys tokens that reach as far as the client, or the scope that was asked for', async () => {
  const all = await exchange();
  expect(all).toMatchObject({ scope: ['sync:read', 'sync:write'], expiresIn: 3600 });
  expect([...(await authenticate(all)).permissions].sort()).toEqual(['sync:read', 'sync:write']);

  const some = await exchange({ scope: 'sync:read' });
  expect(some.scope).toEqual(['sync:read']);
  const identity = await authenticate(some);
  expect(identity).toMatchObject({ kind: 'api_key', principal: `key:${client.id}`, userId: user.id });
  expect([...identity.permissions]).toEqual(['sync:read']);
  expect(await listAudit(store, { target: `key:${client.id}`, limit: 1 })).toMatchObject([
    { action: 'session.sign_in', details: { scope: ['sync:read'] } },
  ]);
});

test('a refreshed token keeps its scope', async () => {
  const { refreshToken } = await exchange({ scope: 'sync:read' });
  const pair = await refreshTokens(store, codec, refreshToken);
  expect(pair.scope).toEqual(['sync:read']);
  expect([...(await authenticate(pair)).permissions]).toEqual(['sync:read']);
});

test.each(['view', 'sync:read admin', 'everything', ' '])('refuses the scope %j', async (scope) => {
  await expect(exchange({ scope })).rejects.toMatchObject({ code: 'validation', details: [{ field: 'scope' }] });
});

test('refuses a wrong secret, an unknown client and an API key', async () => {
  const key = await store.transaction((tx) =>
    createApiKey(tx, actingAs(user), 'key', { name: 'key', permissions: ['view'] }),
  );
  await expect(exchange({ clientSecret: 'wrong' })).rejects.toMatchObject(refused);
  await expect(exchange({ clientId: 'client_unknown' })).rejects.toMatchObject(refused);
  await expect(exchange({ clientId: 'client_\0' })).rejects.toMatchObject(refused);
  await expect(exchange({ clientId: key.id, clientSecret: key.secret })).rejects.toMatchObject(refused);
});

test('a client is no API key', async () => {
  for (const apiKey of [client.secret, client.secret.replace('cs_', 'sk_')]) {
    await expect(authenticator.authenticate({ apiKey, safeMethod: true })).rejects.toMatchObject(refused);
  }
});

test('guesses are slowed', async () => {
  await expect(exchange({ clientSecret: 'wrong' })).rejects.toMatchObject(refused);
  await store.query('UPDATE longshore.login_attempts SET failures = 20');
  await expect(exchange({ clientSecret: 'wrong' })).rejects.toMatchObject(refused);
  await expect(exchange()).rejects.toMatchObject({ code: 'rate_limited' });
});

test('revoking the client ends the tokens that it bought', async () => {
  const tokens = await exchange();
  await authenticate(tokens);
  await authenticator.change((tx) => revokeApiKey(tx, actingAs(user), 'client', client.id));
  await expect(authenticate(tokens)).rejects.toMatchObject(refused);
  await expect(refreshTokens(store, codec, tokens.refreshToken)).rejects.toMatchObject(refused);
  await expect(exchange()).rejects.toMatchObject(refused);
});
