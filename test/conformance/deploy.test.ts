import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it, type TestContext } from 'vitest';
import { parse } from 'yaml';
import { loadConfig } from '../../src/kernel/config.ts';

interface ComposeService {
  readonly environment?: Record<string, string>;
  readonly secrets?: readonly string[];
  readonly depends_on?: Record<string, unknown>;
}
interface ComposeFile {
  readonly services: Record<string, ComposeService>;
  readonly secrets: Record<string, { readonly file: string }>;
}

const compose = parse(readFileSync('deploy/compose.yaml', 'utf8'), { merge: true }) as ComposeFile;
const services = Object.entries(compose.services);

const scratch = mkdtempSync(path.join(tmpdir(), 'longshore-deploy-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Skips the test where the program is not installed; CI installs it. */
function requireProgram(context: TestContext, program: string): void {
  context.skip(spawnSync(program, ['--version']).status !== 0, `${program} is not installed`);
}

function run(program: string, args: readonly string[], cwd = '.'): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

describe('compose.yaml', () => {
  it('hands every service the secrets that its environment names', () => {
    for (const [name, { environment = {}, secrets = [] }] of services) {
      const named = Object.entries(environment).filter(([key]) => key.endsWith('_FILE'));
      expect(named.map(([, file]) => path.basename(file)).sort(), name).toEqual([...secrets].sort());
      for (const secret of secrets) expect(compose.secrets, name).toHaveProperty(secret);
    }
  });

  it('names settings that Longshore reads', () => {
    const variables = services.flatMap(([name, { environment }]) =>
      name === 'postgres' ? [] : Object.keys(environment ?? {}),
    );
    expect(variables.length).toBeGreaterThan(5);
    for (const variable of variables) {
      // Each is refused with its name when its value is wrong, which only a setting that is read can be.
      expect(() => loadConfig({}, { [variable]: '/nonexistent' }), variable).toThrow(variable);
    }
  });

  it('waits only for services that exist', () => {
    for (const [name, { depends_on = {} }] of services) {
      for (const other of Object.keys(depends_on)) expect(compose.services, name).toHaveProperty(other);
    }
  });

  it('gets usable secrets from make-secrets.sh, which keeps them when it is called again', () => {
    cpSync('deploy/make-secrets.sh', path.join(scratch, 'make-secrets.sh'));
    expect(run('bash', ['make-secrets.sh'], scratch).status).toBe(0);
    const files = Object.values(compose.secrets).map(({ file }) => path.join(scratch, file));
    const first = files.map((file) => readFileSync(file, 'utf8'));
    expect(run('bash', ['make-secrets.sh'], scratch).status).toBe(0);
    expect(files.map((file) => readFileSync(file, 'utf8'))).toEqual(first);

    const secret = (name: string) => path.join(scratch, 'secrets', name);
    const config = loadConfig(
      {},
      {
        DATABASE_URL_FILE: secret('database_url'),
        LONGSHORE_MASTER_KEY_FILE: secret('master_key'),
        LONGSHORE_ADMIN_PASSWORD_FILE: secret('admin_password'),
      },
    );
    expect(config.masterKey).toHaveLength(32);
    expect(config.databaseUrl).toContain(`:${readFileSync(secret('postgres_password'), 'utf8').trim()}@postgres`);
    expect(config.adminPassword?.length).toBeGreaterThanOrEqual(10);
  });
});

describe('Dockerfile', () => {
  const lines = readFileSync('deploy/Dockerfile', 'utf8').split('\n');

  it('copies what exists, and what the build makes', () => {
    const sources = lines
      .filter((line) => line.startsWith('COPY '))
      .flatMap((line) =>
        line
          .split(/\s+/)
          .slice(1, -1)
          .filter((word) => !word.startsWith('--')),
      )
      .map((source) => source.replace(/^\/app\//, ''))
      .filter((source) => !['dist', 'console/dist', 'node_modules'].includes(source));
    expect(sources.length).toBeGreaterThan(5);
    for (const source of sources) expect(existsSync(source), source).toBe(true);
  });

  it('stands on the Node version that developers use', () => {
    const major = readFileSync('.nvmrc', 'utf8').trim().split('.')[0];
    const bases = lines.filter((line) => line.startsWith('FROM '));
    expect(bases.length).toBeGreaterThan(0);
    for (const base of bases) expect(base).toContain(`node:${major}-`);
  });
});

describe('systemd units', () => {
  const units = readdirSync('deploy/systemd').map((name) => path.join('deploy/systemd', name));

  it('are accepted by systemd without a warning', (context) => {
    requireProgram(context, 'systemd-analyze');
    expect(units.length).toBeGreaterThan(0);
    const { status, output } = run('systemd-analyze', ['verify', '--man=no', ...units]);
    expect(output).toBe('');
    expect(status).toBe(0);
  });
});

it('shell scripts pass shellcheck', (context) => {
  requireProgram(context, 'shellcheck');
  const { status, output } = run('shellcheck', ['.ci/run', 'deploy/make-secrets.sh']);
  expect(output).toBe('');
  expect(status).toBe(0);
});
