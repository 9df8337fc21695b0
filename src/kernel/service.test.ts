import { describe, expect, it } from 'vitest';
import { createLogger } from './logger.ts';
import { Daemon, type Service, ServiceGroup } from './service.ts';

const logger = createLogger('silent', 'test');
const NEVER_MS = 1_000_000;

function counting(round: (count: number) => number): { daemon: Daemon; reached: (n: number) => Promise<void> } {
  let count = 0;
  const waiting: [number, () => void][] = [];
  const daemon = new Daemon({
    name: 'test',
    logger,
    async runOnce() {
      count += 1;
      for (const [n, resolve] of waiting) if (count >= n) resolve();
      return { nextInMs: round(count) };
    },
  });
  const reached = (n: number) => (count >= n ? Promise.resolve() : new Promise<void>((go) => waiting.push([n, go])));
  return { daemon, reached };
}

describe('daemon', () => {
  it('runs again at once while there is more, then sleeps until it is woken', async () => {
    const { daemon, reached } = counting((count) => (count < 3 ? 0 : NEVER_MS));
    await daemon.start();
    await reached(3);
    daemon.wake();
    await reached(4);
    await daemon.stop();
  });

  it('does not lose a wake that comes during a round', async () => {
    const { daemon, reached } = counting((count) => {
      if (count === 1) daemon.wake();
      return NEVER_MS;
    });
    await daemon.start();
    await reached(2);
    await daemon.stop();
  });

  it('goes on after a round that threw', async () => {
    const { daemon, reached } = counting((count) => {
      if (count === 1) throw new Error('broken');
      return NEVER_MS;
    });
    await daemon.start();
    await reached(2);
    await daemon.stop();
  });

  it('tolerates a second start, a second stop, and a start after a stop', async () => {
    const { daemon, reached } = counting(() => NEVER_MS);
    await daemon.start();
    await daemon.start();
    await daemon.stop();
    await daemon.stop();
    await daemon.start();
    await reached(2);
    await daemon.stop();
  });
});

describe('service group', () => {
  const recorder = (log: string[], name: string, fails = false): Service => ({
    name,
    async start() {
      if (fails) throw new Error(`${name} cannot start`);
      log.push(`start ${name}`);
    },
    async stop() {
      log.push(`stop ${name}`);
    },
  });

  it('starts in order, stops in reverse, and only once', async () => {
    const log: string[] = [];
    const group = new ServiceGroup('test', [recorder(log, 'a'), recorder(log, 'b')]);
    await group.start();
    await group.stop();
    await group.stop();
    expect(log).toEqual(['start a', 'start b', 'stop b', 'stop a']);
  });

  it('stops what had started when one cannot', async () => {
    const log: string[] = [];
    const group = new ServiceGroup('test', [recorder(log, 'a'), recorder(log, 'b', true), recorder(log, 'c')]);
    await expect(group.start()).rejects.toThrow('b cannot start');
    expect(log).toEqual(['start a', 'stop a']);
  });
});
