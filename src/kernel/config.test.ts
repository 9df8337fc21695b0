import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadConfig } from './config.ts';
import { UsageError } from './errors.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'longshore-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string): string {
  const full = path.join(folder, name);
  writeFileSync(full, content);
  return full;
}

describe('configuration', () => {
  it('has a default for everything', () => {
    expect(loadConfig({}, {})).toMatchObject({ host: '127.0.0.1', port: 8080, databaseUrl: undefined, mode: 'all' });
  });

  it('takes flags over the environment, and the environment over the file', () => {
    const config = file('order.yaml', 'port: 1001\nhost: 10.0.0.1\nlog_level: warn\n');
    const found = loadConfig({ config, port: '1003' }, { LONGSHORE_PORT: '1002', LONGSHORE_HOST: '10.0.0.2' });
    expect(found).toMatchObject({ port: 1003, host: '10.0.0.2', logLevel: 'warn' });
  });

  it('reads secrets from files, without their line break', () => {
    const env = { LONGSHORE_ADMIN_PASSWORD_FILE: file('password', 'correct horse battery\n') };
    expect(loadConfig({}, env).adminPassword).toBe('correct horse battery');
  });

  it.each([
    [{ LONGSHORE_PORT: '80a' }, /^LONGSHORE_PORT: must be a whole number from 0 to 65535, not "80a"\.$/],
    [{ LONGSHORE_PORT: '70000' }, /^LONGSHORE_PORT/],
    [{ LONGSHORE_LOG_LEVEL: 'loud' }, /^LONGSHORE_LOG_LEVEL: must be one of trace, debug/],
    [{ LONGSHORE_MODE: 'none' }, /^LONGSHORE_MODE/],
    [{ REDIS_URL: 'http://cache:6379' }, /^REDIS_URL: must be redis:/],
    [{ REDIS_URL: 'redis://cache/first' }, /^REDIS_URL: must be redis:.*number for the database/],
    [{ LONGSHORE_ADMIN_PASSWORD_FILE: '/nowhere' }, /^LONGSHORE_ADMIN_PASSWORD_FILE: ENOENT/],
  ])('refuses %o in one line', (env, message) => {
    expect(() => loadConfig({}, env)).toThrow(UsageError);
    expect(() => loadConfig({}, env)).toThrow(message);
  });

  it('never repeats a secret', () => {
    for (const env of [
      { DATABASE_URL: 'mysql://me:hunter2@db' },
      { LONGSHORE_MASTER_KEY: 'hunter2' },
      { REDIS_URL: 'redis://:hunter2@cache/first' },
    ]) {
      expect(() => loadConfig({}, env)).toThrow(/^(?!.*hunter2)/);
    }
  });

  it('names an unknown setting in the file, and lists the known ones', () => {
    const config = file('unknown.yaml', 'prot: 1\n');
    expect(() => loadConfig({ config }, {})).toThrow(/unknown setting "prot"; known are .*port/);
  });

  it('refuses more than one value for a setting in the file', () => {
    const config = file('nested.yaml', 'host:\n  name: a\n');
    expect(() => loadConfig({ config }, {})).toThrow('longshore.yaml: host: must be one value, not a list or a map.');
  });

  it('says so when the file is not there, or no settings', () => {
    expect(() => loadConfig({ config: '/nowhere.yaml' }, {})).toThrow(/--config: there is no file/);
    expect(() => loadConfig({ config: file('list.yaml', '- a\n') }, {})).toThrow(/must hold settings/);
    expect(() => loadConfig({ config: file('broken.yaml', 'a: [\n') }, {})).toThrow(UsageError);
  });
});
