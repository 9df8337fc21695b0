/** The checks of `longshore doctor`: each looks at one thing and says what to do about it. */
import { mkdtemp, readdir, rm, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { MASTER_KEY_FILE } from '../auth/master-key.ts';
import { assertCanListen } from '../http/listening.ts';
import { SharedWindows } from '../http/shared-windows.ts';
import type { Config } from '../kernel/config.ts';
import { createLogger } from '../kernel/logger.ts';
import { packageRoot } from '../kernel/package.ts';
import { Sandbox } from '../sandbox/sandbox.ts';
import { listMigrations } from './archive/catalog.ts';
import { withStore } from './database.ts';
import { uploads, warehouse } from './diagnosis-sync.ts';
import { bad, type Finding, messageOf, ok } from './finding.ts';
import { pythonVersion } from './python.ts';
import { readLocalServer } from './remote/local.ts';
import { runningSupervisor } from './supervisor/lock.ts';
import { formatBytes } from './terminal/progress.ts';

type Check = (config: Config) => Promise<Finding[]>;

const OLDEST_NODE = [20, 20] as const;
/** Below the first nothing should be started any more; below the second somebody should look. */
const SPACE_FAIL = 256 * 1024 ** 2;
const SPACE_WARN = 2 * 1024 ** 3;
const SKEW_WARN_MS = 2_000;

async function node(): Promise<Finding[]> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const recent = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
  const found = `Node ${process.versions.node} on ${process.platform} ${process.arch}`;
  return [recent ? ok('node', found) : bad('node', 'fail', found, `Install Node ${OLDEST_NODE.join('.')} or later.`)];
}

/** The directory itself, or, before the first start, the nearest one above it that exists. */
async function existingFolder(folder: string): Promise<string> {
  for (let candidate = folder; ; candidate = path.dirname(candidate)) {
    if (await stat(candidate).catch(() => undefined)) return candidate;
    if (candidate === path.dirname(candidate)) return candidate;
  }
}

async function dataDirectory({ dataDir }: Config): Promise<Finding[]> {
  const folder = await existingFolder(dataDir);
  try {
    await rm(await mkdtemp(path.join(folder, '.longshore-doctor-')), { recursive: true });
  } catch (error) {
    return [
      bad(
        'data directory',
        'fail',
        `${folder} cannot be written: ${messageOf(error)}`,
        'Give it to the user that runs Longshore, or choose another --data-dir.',
      ),
    ];
  }
  const { mode } = await stat(folder);
  const open = folder === dataDir && (mode & 0o077) !== 0;
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const space = `${formatBytes(free)} free`;
  return [
    open
      ? bad('data directory', 'warn', `${dataDir} can be entered by other users`, `chmod 700 ${dataDir}`)
      : ok('data directory', folder === dataDir ? dataDir : `${dataDir} (made at the first start)`),
    free < SPACE_WARN
      ? bad(
          'disk space',
          free < SPACE_FAIL ? 'fail' : 'warn',
          space,
          `Free space on the file system of ${folder}, or lower LONGSHORE_RETENTION_DAYS.`,
        )
      : ok('disk space', space),
  ];
}

async function schema(applied: readonly string[]): Promise<Finding> {
  const files = await readdir(path.join(packageRoot, 'src/store/migrations'));
  const known = files.filter((name) => name.endsWith('.sql')).map((name) => name.slice(0, -'.sql'.length));
  const missing = known.filter((name) => !applied.includes(name));
  const foreign = applied.filter((name) => !known.includes(name));
  if (foreign.length > 0) {
    return bad('schema', 'fail', `made by a newer Longshore (${foreign.join(', ')})`, 'Upgrade this Longshore.');
  }
  if (missing.length > 0) {
    return bad(
      'schema',
      'warn',
      `${missing.length} of ${known.length} migrations are not applied`,
      'Run "longshore db migrate", or start the server, which does it.',
    );
  }
  return ok('schema', `up to date (${applied.at(-1)})`);
}

async function database(config: Config): Promise<Finding[]> {
  if (config.databaseUrl === undefined && !(await stat(path.join(config.dataDir, 'postgres')).catch(() => undefined))) {
    return [ok('database', 'embedded, made at the first start')];
  }
  try {
    return await withStore(config, async (store, url) => {
      const before = Date.now();
      const [row] = await store.query<{ version: string; now: Date }>(
        `SELECT current_setting('server_version') AS version, clock_timestamp() AS now`,
      );
      const after = Date.now();
      // The answer was made somewhere between the two: only what lies outside of them is skew.
      const at = row?.now.getTime() ?? before;
      const skew = Math.max(0, before - at, at - after);
      const kind = config.databaseUrl === undefined ? 'embedded ' : '';
      return [
        ok('database', `${kind}PostgreSQL ${row?.version}, answers in ${after - before} ms`),
        await schema(await listMigrations(store)),
        skew > SKEW_WARN_MS
          ? bad(
              'clock',
              'warn',
              `${(skew / 1000).toFixed(1)} s from the database's`,
              "Let both machines keep time by NTP: schedules go by the database's clock.",
            )
          : ok('clock', "agrees with the database's"),
        await warehouse(store, url, config),
        await uploads(store, config),
      ];
    });
  } catch (error) {
    const mend =
      config.databaseUrl === undefined
        ? 'See postgres.log in the data directory.'
        : 'Check DATABASE_URL, and that the server lets this machine in.';
    return [bad('database', 'fail', messageOf(error), mend)];
  }
}

async function redis({ redisUrl }: Config): Promise<Finding[]> {
  if (redisUrl === undefined) return [];
  const windows = new SharedWindows({ url: redisUrl, logger: createLogger('silent', 'doctor') });
  await windows.start();
  const { connected } = windows;
  await windows.stop();
  if (connected) return [ok('redis', 'answers; servers count rate limits together')];
  const mend = 'Check REDIS_URL and its login; until then each server counts rate limits on its own.';
  return [bad('redis', 'warn', 'it cannot be reached, or lets nobody in', mend)];
}

async function masterKey({ masterKey: configured, dataDir, mode }: Config): Promise<Finding[]> {
  const file = path.join(dataDir, MASTER_KEY_FILE);
  if (configured) return [ok('master key', 'from LONGSHORE_MASTER_KEY')];
  const found = await stat(file).catch(() => undefined);
  if (!found && mode === 'worker') {
    const mend =
      "Set LONGSHORE_MASTER_KEY to the servers', or let the worker work over HTTP with --server and --token.";
    return [bad('master key', 'fail', `there is none at ${file}, and a worker on the database makes none`, mend)];
  }
  if (!found) return [ok('master key', 'made at the first start')];
  if ((found.mode & 0o077) !== 0)
    return [bad('master key', 'fail', `${file} can be read by others`, `chmod 600 ${file}`)];
  return [ok('master key', `${file}; keep a copy elsewhere, no backup contains it`)];
}

async function port({ host, port: number, dataDir }: Config): Promise<Finding[]> {
  const own = await readLocalServer(dataDir);
  const running = await runningSupervisor(dataDir);
  if (own && running !== undefined) return [ok('port', `Longshore itself listens (${own.url}, process ${running})`)];
  try {
    await assertCanListen({ host, port: number });
    return [ok('port', `${host}:${number} is free`)];
  } catch (error) {
    return [bad('port', 'fail', messageOf(error), 'Choose another with --port, or stop what listens there.')];
  }
}

async function python(): Promise<Finding[]> {
  const version = await pythonVersion();
  return [
    version === undefined
      ? bad(
          'python',
          'warn',
          'there is no python3',
          'Install Python 3 where workers shall run python tasks, or give those tasks a python_path.',
        )
      : ok('python', version),
  ];
}

async function sandbox(): Promise<Finding[]> {
  try {
    const made = await Sandbox.create();
    const { tracking, guarantee, limits, notes } = made.capabilities;
    await made.close();
    const remark = notes.length > 0 ? ` (${notes.join('; ')})` : '';
    const firm = tracking === 'cgroup';
    return [
      firm
        ? ok('ending of runs', guarantee)
        : bad(
            'ending of runs',
            'warn',
            guarantee + remark,
            'On Linux, run the worker as root or in a systemd unit with Delegate=yes.',
          ),
      limits.prlimit === undefined
        ? bad('limits of runs', 'warn', 'prlimit is not installed', 'Install util-linux.')
        : ok('limits of runs', `${limits.prlimit}; processes are counted by ${limits.processes}`),
    ];
  } catch (error) {
    return [bad('ending of runs', 'fail', messageOf(error), 'Without it this machine cannot be a worker.')];
  }
}

const CHECKS: readonly Check[] = [node, dataDirectory, masterKey, database, redis, port, python, sandbox];

/** Looks at everything. A check that itself fails is a finding too. */
export async function diagnose(config: Config): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const check of CHECKS) {
    try {
      findings.push(...(await check(config)));
    } catch (error) {
      findings.push(bad(check.name, 'fail', messageOf(error), 'Please report this.'));
    }
  }
  return findings;
}
