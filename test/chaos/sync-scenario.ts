import { readFile } from 'node:fs/promises';
import { Random } from './random.ts';
import type { SyncCell } from './sync-cell.ts';
import { type Place, SyncPlay, VICTIMS, type Victim } from './sync-play.ts';
import { SYNC_POINTS, type SyncPoint } from './sync-points.ts';
import { SyncScene } from './sync-scene.ts';
import type { SinkEngine } from './sync-sink.ts';

export interface SyncChaosOptions {
  readonly seed: number;
  /** How often, at least, each victim is struck at each point, in the run of one kind of job or another. */
  readonly times: number;
  readonly engines: readonly SinkEngine[];
  say(text: string): void;
}

export interface SyncOutcome {
  readonly violations: readonly string[];
  readonly summary: Readonly<Record<string, number | string>>;
}

/** Points, and whatever lies between them. */
const PLACES: readonly Place[] = [...SYNC_POINTS, 'anywhere'];

/** Rounds for points that nobody came to: a run may end before its own. */
const MOST_MORE = 5;

/** Deals places out to the runs of the rounds like cards: all of them before any comes again. */
function dealer(random: Random, places: readonly Place[]): (cell: SyncCell) => Place {
  let deck: Place[] = [];
  return (cell) => {
    if (!cell.isSequential) return 'anywhere';
    if (deck.length === 0) deck = [...places];
    const card = random.pick(deck);
    deck = deck.filter((place) => place !== card);
    return card;
  };
}

/**
 * The points at which a victim was never struck.
 * @param struck `victim, point, database` of each that was
 */
export function missedPoints(victim: Victim, struck: readonly string[]): SyncPoint[] {
  return SYNC_POINTS.filter((point) => !struck.some((what) => what.startsWith(`${victim}, ${point}, `)));
}

/** Syncs of every kind into every database, broken off everywhere: what arrives is what was sent, each row once. */
export async function killSyncs({ seed, times, engines, say }: SyncChaosOptions): Promise<SyncOutcome> {
  // Whoever is killed takes all with him: more at a time cost less than more rounds.
  const scene = await SyncScene.open(engines, times > 1 ? 2 : 1);
  try {
    const random = new Random(seed);
    const play = new SyncPlay(scene, random, say);
    await play.rehearse();
    const dealt = scene.cells.filter(({ isSequential }) => isSequential).length;
    const rounds = Math.ceil((times * PLACES.length) / dealt);
    const deals = new Map(VICTIMS.map((victim) => [victim, dealer(random, PLACES)]));
    for (let round = 1; round <= rounds; round += 1) {
      for (const [victim, deal] of deals) {
        say(`round ${round} of ${rounds}: ${victim}`);
        await play.round(victim, deal);
      }
    }
    for (const victim of VICTIMS) {
      for (let more = 0; more < MOST_MORE; more += 1) {
        const missed = missedPoints(victim, [...play.struck.keys()]);
        if (missed.length === 0) break;
        say(`once more: ${victim}, ${missed.join(', ')}`);
        await play.round(victim, dealer(random, missed));
      }
    }
    if (play.violations.length > 0) say(await readFile(scene.log, 'utf8').catch(() => ''));
    const struck = [...play.struck].sort(([a], [b]) => a.localeCompare(b));
    const summary = { seed, 'kinds of jobs': scene.cells.length, 'runs compared': play.compared };
    return { violations: play.violations, summary: { ...summary, ...Object.fromEntries(struck) } };
  } finally {
    await scene.close();
  }
}
