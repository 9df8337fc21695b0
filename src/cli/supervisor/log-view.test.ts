import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { createLogger } from '../../kernel/logger.ts';
import { Output } from '../terminal/output.ts';
import { logView } from './log-view.ts';

/** What a person sees of the lines that `write` logs. */
function seen(all: boolean, write: (logger: ReturnType<typeof createLogger>) => void): string[] {
  const stderr = new PassThrough();
  const view = logView(new Output({ format: 'table', stdout: new PassThrough(), stderr, color: true }), all);
  write(createLogger('trace', 'server', { write: (line) => view(line.trimEnd()) }));
  return String(stderr.read() ?? '')
    .split('\n')
    .slice(0, -1);
}

it('shows warnings and errors, with why and what about, and leaves requests out', () => {
  const lines = seen(false, (logger) => {
    logger.info({ method: 'GET', path: '/api/tasks' }, 'request');
    logger.warn({ runs: 3, file: '/srv/master.key' }, 'rescued');
    logger.error({ err: new Error('no route to host'), failures: 2 }, 'round failed');
  });
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d warn server: rescued {2}\(runs=3 file=\/srv\/master\.key\)$/);
  expect(lines[1]).toMatch(/^\d\d:\d\d:\d\d error server: round failed: no route to host {2}\(failures=2\)$/);
});

it('says once what several loops say at the same time, and again when it lasts', () => {
  let clock = 0;
  const stderr = new PassThrough();
  const out = new Output({ format: 'table', stdout: new PassThrough(), stderr, color: true });
  const view = logView(out, false, () => clock);
  const logger = createLogger('info', 'server', { write: (line) => view(line.trimEnd()) });
  const fail = (daemon: string) => logger.error({ err: new Error('starting up'), daemon }, 'round failed');
  fail('promoter');
  fail('rescuer');
  clock = 9_999;
  fail('promoter');
  clock = 10_000;
  fail('scheduler');
  expect(String(stderr.read())).toMatch(/^.* \(daemon=promoter\)\n.* \(daemon=scheduler\)\n$/);
});

it('shows everything when asked to', () => {
  const lines = seen(true, (logger) => logger.debug({ path: '/metrics' }, 'request'));
  expect(lines).toEqual([expect.stringMatching(/ debug server: request {2}\(path=\/metrics\)$/)]);
});

it('passes on what is no log line, unable to act on the terminal', () => {
  const stderr = new PassThrough();
  const view = logView(new Output({ format: 'table', stdout: new PassThrough(), stderr, color: true }), false);
  view('\u001b[2JFATAL ERROR: out of memory');
  view('"a text that happens to be JSON"');
  expect(String(stderr.read())).toBe('FATAL ERROR: out of memory\n"a text that happens to be JSON"\n');
});
