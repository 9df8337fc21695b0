import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { sleep } from '../../src/kernel/clock.ts';
import { environment } from '../../src/kernel/config.ts';
import { packageRoot } from '../../src/kernel/package.ts';
import type { Measurement } from '../support/bench.ts';

const TARGET_MB = 350;

/** The process and all that descend from it. */
async function familyOf(pid: number): Promise<number[]> {
  const parents = new Map<number, number>();
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, 'latin1').catch(() => undefined);
    // The name stands in parentheses and may hold anything; the parent is the second field after it.
    const parent = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[1];
    if (parent) parents.set(Number(name), Number(parent));
  }
  const family = [pid];
  for (const member of family) {
    for (const [child, parent] of parents) if (parent === member) family.push(child);
  }
  return family;
}

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
