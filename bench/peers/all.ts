import { bullmq } from './bullmq.ts';
import { floor } from './floor.ts';
import { graphileBatched, graphileLocalQueue, graphilePlain } from './graphile-worker.ts';
import { longshore } from './longshore.ts';
import type { Peer } from './peer.ts';
import { pgBoss } from './pg-boss.ts';

export const PEERS: readonly Peer[] = [
  longshore,
  graphileBatched,
  graphileLocalQueue,
  graphilePlain,
  bullmq,
  pgBoss,
  floor,
];

export function peerNamed(name: string): Peer {
  const peer = PEERS.find((candidate) => candidate.name === name);
  if (!peer) throw new Error(`there is no peer "${name}"`);
  return peer;
}
