import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { environment } from '../../src/kernel/config.ts';
import { packageRoot } from '../../src/kernel/package.ts';
import { execute } from './floor.ts';
import type { Stage } from './measure.ts';

/** What peers load a csv by, in the order in which they do. */
const WAYS = [
  { what: 'append', mode: 'append', again: false },
  { what: 'upsert into an empty table', mode: 'upsert', again: false },
  { what: 'upsert again, all rows the same', mode: 'upsert', again: true },
] as const;

type Mode = (typeof WAYS)[number]['mode'];

interface Peer {
  readonly name: string;
  /** What is to be told where it is not there; undefined = it is. */
  readonly missing: string | undefined;
  /** Removes what it has loaded before. */
  readonly cleanup: string;
  /** @returns seconds @throws Error with what the peer has said last */
  load(mode: Mode): number;
}

/** Measures the peers on the csv and the server that we are measured on. */
export async function peers(stage: Stage, tell: (what: string, rate: number) => void): Promise<void> {
  for (const { name, missing, cleanup, load } of [dlt(stage), sling(stage)]) {
    if (missing !== undefined) {
      stage.skip({ measurement: name, reason: missing });
      continue;
    }
    for (const { what, mode, again } of WAYS) {
      stage.say(`${name}: ${what}`);
      if (!again) await execute(stage.target.url, cleanup);
      try {
        tell(`${name}: csv, ${what}`, stage.rows / load(mode));
      } catch (error) {
        stage.skip({ measurement: `${name}, ${what}`, reason: (error as Error).message });
      }
    }
  }
}

/** They insist on a password, which the server does not ask for. */
function urlWithPassword({ target }: Stage): URL {
  const url = new URL(target.url);
  url.password = 'unused';
  return url;
}

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = environment()): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', env });
  if (error) throw error;
  if (status === 0) return stdout.trim();
  throw new Error(stderr.trim().split('\n').at(-1) || `it ended with ${status}`);
}

/** Tells the time itself, without its imports. */
function dlt(stage: Stage): Peer {
  const { python, inputs } = stage;
  return {
    name: 'dlt',
    missing: python === undefined ? 'no --python was given; see bench/sync/README.md' : undefined,
    cleanup: 'DROP SCHEMA IF EXISTS peer_dlt, peer_dlt_staging CASCADE',
    load(mode) {
      const script = path.join(packageRoot, 'bench/sync/dlt_load.py');
      return Number(
        run(python ?? '', [script, inputs.csv, urlWithPassword(stage).href, mode])
          .split('\n')
          .at(-1),
      );
    },
  };
}

/** One process from its start to its end, which is how it is used; starting takes it a tenth of a second. */
function sling(stage: Stage): Peer {
  const { sling: binary, inputs } = stage;
  const table = 'public.peer_sling';
  const url = urlWithPassword(stage);
  url.searchParams.set('sslmode', 'disable');
  return {
    name: 'Sling',
    missing: binary === undefined ? 'no --sling was given; see bench/sync/README.md' : undefined,
    cleanup: `DROP TABLE IF EXISTS ${table}`,
    load(mode) {
      const how = mode === 'upsert' ? ['--mode', 'incremental', '--primary-key', 'id'] : ['--mode', 'snapshot'];
      const begun = performance.now();
      run(
        binary ?? '',
        ['run', '--src-stream', `file://${inputs.csv}`, '--tgt-conn', url.href, '--tgt-object', table, ...how],
        // Elsewhere it would keep files in the home folder, and report to its makers.
        { PATH: environment().PATH, HOME: path.dirname(inputs.csv), SLING_DISABLE_TELEMETRY: 'true' },
      );
      return (performance.now() - begun) / 1000;
    },
  };
}
