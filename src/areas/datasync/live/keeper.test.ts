import { once } from 'node:events';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { actingAs, makeUser } from '../../../../test/support/auth.ts';
import { createTestDatabase, silent, type TestDatabase } from '../../../../test/support/database.ts';
import { Authenticator } from '../../../auth/authenticator.ts';
import type { Identity } from '../../../auth/identity.ts';
import { startTokens } from '../../../auth/sessions.ts';
import { TokenCodec } from '../../../auth/token-codec.ts';
import type { Service } from '../../../kernel/service.ts';
import { connectedPair } from './connected-pair.fixture.ts';
import { socketKeeper } from './keeper.ts';

type Pair = Awaited<ReturnType<typeof connectedPair>>;

const codec = new TokenCodec(Buffer.alloc(32, 7));
let database: TestDatabase;
let authenticator: Authenticator;
let identity: Identity;
let keeper: Service | undefined;

beforeAll(async () => {
  database = await createTestDatabase();
  const { store } = database;
  authenticator = new Authenticator({ store, codec, logger: silent });
  const user = await makeUser(store);
  const holder = { userId: user.id, tokenGeneration: 1, principal: `user:${user.id}`, role: user.role };
  const tokens = await store.transaction((tx) => startTokens(tx, codec, holder));
  identity = { ...actingAs(user).identity, sessionId: codec.readAccess(tokens?.accessToken ?? '').sid };
});
afterEach(() => keeper?.stop());

async function keep(pairs: readonly Pair[]): Promise<void> {
  const hub = { connections: pairs.map(({ connection }) => connection) };
  keeper = socketKeeper({ hub, store: database.store, authenticator, logger: silent });
  await keeper.start();
}

describe('a socket', () => {
  test('of which nothing is heard for 90 seconds is cut off; another stays', async () => {
    const [silentOne, other] = [await connectedPair(identity), await connectedPair(identity)];
    silentOne.connection.heardAt -= 90_001;
    other.connection.heardAt -= 80_000;
    await keep([silentOne, other]);
    expect((await once(silentOne.client, 'close'))[0]).toBe(1006);
    expect(other.connection.isOpen).toBe(true);
  });

  test('is pinged once in thirty seconds, not all at the same time', async () => {
    const pairs = await Promise.all(Array.from({ length: 30 }, () => connectedPair(identity)));
    let pinged = 0;
    const first = Promise.race(
      pairs.map(async ({ client }) => {
        await once(client, 'ping');
        pinged += 1;
      }),
    );
    await keep(pairs);
    await first;
    expect(pinged).toBe(1);
  });

  test('whose token has expired, or whose sign-in is over, is closed with 1008; when the database is asked again', async () => {
    const expired = await connectedPair(identity, Date.now() - 1);
    const stays = await connectedPair(identity, Date.now() + 3_600_000);
    const stranger = await connectedPair({ ...identity, sessionId: 'nobody' });
    await keep([expired, stays, stranger]);
    expect((await once(expired.client, 'close'))[0]).toBe(1008);
    if (stranger.connection.isOpen) await once(stranger.client, 'close');
    expect(stays.connection.isOpen).toBe(true);
    await database.store.query('UPDATE longshore.users SET is_active = false');
    authenticator.forget();
    expect((await once(stays.client, 'close'))[0]).toBe(1008);
  });
});
