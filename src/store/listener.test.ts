import { afterEach, describe, expect, test } from 'vitest';
import { createTestDatabase, silent } from '../../test/support/database.ts';
import { administer } from '../../test/support/server.ts';
import { eventually } from '../../test/support/serving.ts';
import { Listener } from './listener.ts';

const { store, directUrl: url } = await createTestDatabase({ migrated: false });

/** Payloads in the order of their arrival; `next` waits for one. */
class Inbox {
  readonly #arrived: string[] = [];
  #waiting: ((payload: string) => void) | undefined;

  readonly receive = (payload: string): void => {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting) waiting(payload);
    else this.#arrived.push(payload);
  };

  next(): Promise<string> {
    const payload = this.#arrived.shift();
    if (payload !== undefined) return Promise.resolve(payload);
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  get isEmpty(): boolean {
    return this.#arrived.length === 0;
  }
}

const listeners: Listener[] = [];
function createListener(): Listener {
  const listener = new Listener({ url, logger: silent });
  listeners.push(listener);
  return listener;
}
afterEach(async () => {
  for (let listener = listeners.pop(); listener; listener = listeners.pop()) await listener.stop();
});

const notify = (channel: string, payload: string) => store.query('SELECT pg_notify($1, $2)', [channel, payload]);
const listenerPids = () =>
  store.query<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'longshore listener'`,
  );
/** Of the one connection, once the server has ended those that are over. */
const onlyPid = () =>
  eventually(async () => {
    const [only, ...others] = await listenerPids();
    return others.length === 0 ? only?.pid : undefined;
  });
const breakConnection = () =>
  administer(
    url,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND application_name = 'longshore listener'`,
  );

describe('delivery', () => {
  test('begins with an empty payload once connected, then hands on what comes, in order', async () => {
    const listener = createListener();
    const inbox = new Inbox();
    listener.on('longshore_runs', inbox.receive);
    await listener.start();
    expect(await inbox.next()).toBe('');
    await notify('longshore_runs', 'first');
    await notify('longshore_runs', 'second');
    expect([await inbox.next(), await inbox.next()]).toEqual(['first', 'second']);
  });

  test('goes to every handler of the channel and to no other, and ends with the subscription', async () => {
    const listener = createListener();
    const [left, right, other] = [new Inbox(), new Inbox(), new Inbox()];
    const endLeft = listener.on('longshore_a', left.receive);
    listener.on('longshore_a', right.receive);
    listener.on('longshore_b', other.receive);
    await listener.start();
    expect([await left.next(), await right.next(), await other.next()]).toEqual(['', '', '']);
    await notify('longshore_a', 'both');
    expect([await left.next(), await right.next()]).toEqual(['both', 'both']);
    endLeft();
    await notify('longshore_a', 'right only');
    await notify('longshore_b', 'last');
    expect([await right.next(), await other.next()]).toEqual(['right only', 'last']);
    expect(left.isEmpty).toBe(true);
  });

  test('takes channel names as they are, capitals and quotes included', async () => {
    const listener = createListener();
    const inbox = new Inbox();
    listener.on('Odd "Name"', inbox.receive);
    await listener.start();
    await inbox.next();
    await notify('Odd "Name"', 'here');
    expect(await inbox.next()).toBe('here');
  });

  test('reaches a subscription made while connected', async () => {
    const listener = createListener();
    const [first, late] = [new Inbox(), new Inbox()];
    listener.on('longshore_first', first.receive);
    await listener.start();
    await first.next();
    listener.on('longshore_late', late.receive);
    expect(await late.next()).toBe('');
    await notify('longshore_late', 'heard');
    expect(await late.next()).toBe('heard');
  });

  test('outlives a handler that throws', async () => {
    const listener = createListener();
    const inbox = new Inbox();
    listener.on('longshore_c', () => {
      throw new Error('a handler of ours is broken');
    });
    listener.on('longshore_c', inbox.receive);
    await listener.start();
    expect(await inbox.next()).toBe('');
    await notify('longshore_c', 'still here');
    expect(await inbox.next()).toBe('still here');
  });
});

describe('a broken connection', () => {
  test('comes back, tells every handler that something may have been missed, and delivers again', async () => {
    const listener = createListener();
    const [left, right] = [new Inbox(), new Inbox()];
    listener.on('longshore_d', left.receive);
    listener.on('longshore_e', right.receive);
    await listener.start();
    await Promise.all([left.next(), right.next()]);
    for (let round = 1; round <= 3; round += 1) {
      const before = await onlyPid();
      await breakConnection();
      expect(await Promise.all([left.next(), right.next()])).toEqual(['', '']);
      expect(await onlyPid()).not.toBe(before);
      await notify('longshore_e', `round ${round}`);
      expect(await right.next()).toBe(`round ${round}`);
    }
  });
});

describe('start and stop', () => {
  test('stop closes the connection, may be repeated, and start works again', async () => {
    const listener = createListener();
    const inbox = new Inbox();
    listener.on('longshore_f', inbox.receive);
    await listener.start();
    await listener.start();
    await inbox.next();
    expect(await onlyPid()).toBeGreaterThan(0);
    await listener.stop();
    await listener.stop();
    await listener.start();
    expect(await inbox.next()).toBe('');
    await notify('longshore_f', 'again');
    expect(await inbox.next()).toBe('again');
  });

  test('stop ends a listener that never got a connection', async () => {
    const listener = new Listener({ url: 'postgresql://nobody@127.0.0.1:1/nowhere', logger: silent });
    await listener.start();
    await listener.stop();
  });
});
