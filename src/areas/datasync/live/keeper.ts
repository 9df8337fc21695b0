import { identitiesNow } from '../../../auth/holders.ts';
import { can } from '../../../auth/identity.ts';
import { Daemon, type Service, ServiceGroup } from '../../../kernel/service.ts';
import type { DatasyncDeps } from '../deps.ts';
import { CLOSE_POLICY, type Connection } from './connection.ts';
import type { LiveHub } from './hub.ts';

const TICK_MS = 1_000;
/** Each client is pinged once in so many ticks: not all in the same one. */
const PING_TICKS = 30;
/** A client of which nothing is heard for so long is gone: a ping is answered at once. */
const SILENCE_MS = 90_000;
/** How late a server that the database's hint did not reach learns of a revocation, or of the end of a sign-in. */
const RECHECK_MS = 30_000;
const HOLDERS_AT_ONCE = 1_000;

type KeeperOptions = Pick<DatasyncDeps, 'store' | 'authenticator' | 'logger'> & {
  readonly hub: Pick<LiveHub, 'connections'>;
};

/** Keeps no socket open whose client is gone, or may not listen any more. */
export function socketKeeper({ hub, store, authenticator, logger }: KeeperOptions): Service {
  let ticks = 0;
  const pulse = new Daemon({
    name: 'socket pulse',
    logger,
    async runOnce() {
      ticks += 1;
      const now = { wall: Date.now(), steady: performance.now() };
      for (const connection of hub.connections) feel(connection, now, (ticks + connection.number) % PING_TICKS === 0);
      return { nextInMs: TICK_MS };
    },
  });
  const rights = new Daemon({
    name: 'socket rights',
    logger,
    async runOnce() {
      await closeForbidden(store, [...hub.connections]);
      return { nextInMs: RECHECK_MS };
    },
  });
  const group = new ServiceGroup('socket keeper', [pulse, rights]);
  let stopHearing: (() => void) | undefined;
  return {
    name: group.name,
    async start() {
      stopHearing ??= authenticator.onForget(() => rights.wake());
      await group.start();
    },
    async stop() {
      stopHearing?.();
      stopHearing = undefined;
      await group.stop();
    },
  };
}

/** @param now by the clock that tokens end by, and by one that nobody sets */
function feel(connection: Connection, now: { wall: number; steady: number }, ping: boolean): void {
  const { client, heardAt } = connection;
  if (client.expiresAt !== null && client.expiresAt <= now.wall) {
    connection.close(CLOSE_POLICY, 'The token has expired');
  } else if (now.steady - heardAt > SILENCE_MS) {
    client.ws.terminate();
  } else if (ping && connection.isOpen) {
    client.ws.ping();
  }
}

/** Who they are is asked once for all sockets that stand on one sign-in or key. */
async function closeForbidden(store: DatasyncDeps['store'], connections: readonly Connection[]): Promise<void> {
  const holders = [...new Set(connections.map(({ holder }) => holder))];
  for (let from = 0; from < holders.length; from += HOLDERS_AT_ONCE) {
    const asked = new Set(holders.slice(from, from + HOLDERS_AT_ONCE));
    const identities = await identitiesNow(store, [...asked]);
    for (const connection of connections) {
      if (!asked.has(connection.holder)) continue;
      const identity = identities.get(connection.holder);
      if (!identity) connection.close(CLOSE_POLICY, 'The sign-in or key was revoked');
      else if (!can(identity, 'sync:read')) connection.close(CLOSE_POLICY, 'This needs the permission sync:read');
    }
  }
}
