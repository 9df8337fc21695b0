import { afterEach, expect, it } from 'vitest';
import { SupervisedProcess } from './child.ts';

const READY = "process.send({ type: 'ready', url: 'http://127.0.0.1:' + process.pid });";
const SERVING = `${READY} process.on('SIGTERM', () => process.exit(0)); setInterval(() => {}, 1000);`;

let child: SupervisedProcess | undefined;
afterEach(async () => {
  child?.hurry();
  await child?.stop();
});

/** Collects what happens, and resolves `next` with each event in turn. */
class Events {
  readonly #seen: string[] = [];
  #wake: () => void = () => undefined;

  add(event: string): void {
    this.#seen.push(event);
    this.#wake();
  }

  async next(): Promise<string> {
    while (this.#seen.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.#seen.shift() ?? '';
  }
}

function supervise(script: string, stopWithinMs = 30_000): { child: SupervisedProcess; events: Events } {
  const events = new Events();
  child = new SupervisedProcess({
    name: 'server',
    launch: () => ({ args: ['-e', script], env: {} }),
    report: (text) => events.add(text),
    onReady: () => events.add('ready'),
    stopWithinMs,
  });
  return { child, events };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

it('starts a process again when it is killed, and stops it for good', async () => {
  const { child, events } = supervise(SERVING);
  await child.start();
  expect(await events.next()).toBe('ready');
  const first = child.pid ?? 0;
  process.kill(first, 'SIGKILL');
  expect(await events.next()).toMatch(/^The server ended \(signal SIGKILL\); it is started again in \d/);
  expect(await events.next()).toBe('ready');
  const second = child.pid ?? 0;
  expect(second).not.toBe(first);
  await child.stop();
  expect(isAlive(second)).toBe(false);
});

it('gives up on a process that refuses its settings', async () => {
  const { child } = supervise('process.exit(2)');
  await expect(child.start()).rejects.toThrow('The server cannot start with these settings.');
});

it('goes on with a process that fails for another reason', async () => {
  const { child, events } = supervise('process.exit(1)');
  const started = child.start();
  expect(await events.next()).toMatch(/exit code 1/);
  expect(await events.next()).toMatch(/exit code 1/);
  await child.stop();
  await expect(started).rejects.toThrow('stopped before it served');
});

it('kills a process that does not end', async () => {
  const { child } = supervise(`${READY} process.on('SIGTERM', () => {}); setInterval(() => {}, 1000);`, 100);
  await child.start();
  const pid = child.pid ?? 0;
  await child.stop();
  expect(isAlive(pid)).toBe(false);
});

it('is not reached by a signal to our process group', async () => {
  const { child } = supervise(SERVING);
  await child.start();
  // Its own group: to signal it by that name would fail if it had none.
  expect(() => process.kill(-(child.pid ?? 0), 0)).not.toThrow();
});
