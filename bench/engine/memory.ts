import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { sleep } from '../../src/kernel/clock.ts';
import { environment } from '../../src/kernel/config.ts';
import { packageRoot } from '../../src/kernel/package.ts';
import type { Measurement } from '../support/bench.ts';
import { familyOf } from '../support/family.ts';

const TARGET_MB = 350;

/** Proportional set size in MB: what is shared is counted once, in shares. */
async function pssOf(pid: number): Promise<{ name: string; mb: number }> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'latin1').catch(() => '');
  const name = (await readFile(`/proc/${pid}/comm`, 'latin1').catch(() => 'gone')).trim();
  return { name, mb: Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0) / 1024 };
}

/** What `longshore up` takes with nothing to do: supervisor, server, worker and the embedded PostgreSQL. */
export const memory: Measurement = {
  name: 'memory',
  async run({ options, say, add, skip }) {
    if (!existsSync('/proc/self/smaps_rollup')) {
      skip({ measurement: 'memory', reason: 'this system does not tell proportional set sizes' });
      return;
    }
    const built = spawnSync(process.execPath, ['--import', 'tsx', 'scripts/build.ts'], { cwd: packageRoot });
    if (built.status !== 0) throw new Error(`the product did not build: ${built.stderr}`);
    const dataDir = await mkdtemp(path.join(tmpdir(), 'longshore-memory-'));
    const up = spawn(process.execPath, ['dist/longshore.js', 'up', '--port', '0', '--data-dir', dataDir], {
      cwd: packageRoot,
      env: { ...environment(), DATABASE_URL: '' },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const exited = once(up, 'exit');
    try {
      const lines = createInterface(up.stdout);
      await Promise.race([
        new Promise<void>((resolve) => lines.on('line', (line) => line.includes('Longshore is up') && resolve())),
        exited.then(() => Promise.reject(new Error('longshore up ended by itself'))),
      ]);
      say(`memory: ${options.idleSeconds} s with nothing to do`);
      await sleep(options.idleSeconds * 1000);
      const sizes = await Promise.all((await familyOf(up.pid ?? 0)).map(pssOf));
      const sum = (of: readonly { mb: number }[]) => of.reduce((total, { mb }) => total + mb, 0);
      const postgres = sizes.filter(({ name }) => name.startsWith('postgres'));
      add({
        measurement: 'memory of `up`, idle',
        what: 'all processes (PSS)',
        value: sum(sizes),
        unit: 'MB',
        beside: `PostgreSQL ${sum(postgres).toFixed(0)} MB, ${sizes.length} processes`,
        target: { text: `≤ ${TARGET_MB} MB`, met: sum(sizes) <= TARGET_MB },
      });
    } finally {
      up.kill('SIGTERM');
      await exited;
      await rm(dataDir, { recursive: true, force: true });
    }
  },
};
