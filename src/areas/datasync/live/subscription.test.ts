import { beforeEach, describe, expect, test } from 'vitest';
import type { BusEvent } from '../../../events/bus.ts';
import type { Batch } from './batch.ts';
import { batchesOf } from './batches-of.ts';
import type { Connection } from './connection.ts';
import { HeardEvents } from './heard.ts';
import { Subscription } from './subscription.ts';

/** What reads and hears in which order decides what comes twice or never: every order that there can be, step by step. */

const nobody = {} as Connection;
let subscription: Subscription;
let heard: HeardEvents;

beforeEach(() => {
  subscription = new Subscription(nobody, { channel: 'record_changes', jobId: null, wanted: undefined }, 'replaying');
  heard = new HeardEvents();
});

function batch(seq: number): Batch {
  const changes = [{ operation: 'create', record_id: String(seq) }];
  const payload = { type: 'record_changes', job_id: 1, run_id: 1, table: 't', changes };
  const event: BusEvent = { seq, topic: 'sync', payload, at: new Date() };
  const [only] = batchesOf(event);
  if (!only) throw new Error('the event tells nothing');
  return only;
}

/** The bus tells of an event. @returns whether it is to be sent now */
function hear(event: number): boolean {
  heard.add(event);
  return subscription.takes(batch(event));
}

function endPage(brought: number[], position: number): number[] {
  return subscription.replay
    .endPage(brought.map(batch), position, (event) => heard.has(event))
    .map(({ event }) => event);
}

describe('an event that is heard', () => {
  test('before a page is asked for is left to that page', () => {
    expect(hear(5)).toBe(false);
    subscription.replay.beginPage();
    expect(endPage([5], 5)).toEqual([]);
    expect(subscription.replay.more).toBe(false);
    subscription.goLive();
    expect(hear(6)).toBe(true);
  });

  test('while a page is read that has it is told once', () => {
    subscription.replay.beginPage();
    expect(hear(5)).toBe(false);
    expect(endPage([5], 5)).toEqual([]);
    expect(subscription.replay.more).toBe(false);
  });

  test('while a page is read that has passed it without seeing it is told with that page', () => {
    subscription.replay.beginPage();
    expect(hear(5)).toBe(false);
    expect(endPage([6], 6)).toEqual([5]);
    expect(subscription.replay.more).toBe(false);
  });

  test('while a page is read that ends before it is left to the next', () => {
    subscription.replay.beginPage();
    expect(hear(7)).toBe(false);
    expect(endPage([6], 6)).toEqual([]);
    expect(subscription.replay.more).toBe(true);
    subscription.replay.beginPage();
    expect(endPage([7], 7)).toEqual([]);
    expect(subscription.replay.more).toBe(false);
  });

  test('after the page that brought it is not told again, neither during the replay nor live', () => {
    subscription.replay.beginPage();
    expect(endPage([5, 6], 6)).toEqual([]);
    expect(hear(5)).toBe(false);
    expect(subscription.replay.more).toBe(false);
    subscription.goLive();
    expect(hear(6)).toBe(false);
    expect(hear(7)).toBe(true);
  });

  test('late, between pages that are past it, is told with the next', () => {
    subscription.replay.beginPage();
    expect(endPage([4, 6], 6)).toEqual([]);
    expect(hear(5)).toBe(false);
    expect(subscription.replay.more).toBe(true);
    subscription.replay.beginPage();
    expect(endPage([], 6)).toEqual([5]);
    subscription.goLive();
    expect(hear(6)).toBe(false);
  });
});

describe('a subscription whose client is too slow', () => {
  test('tells once from where to go on, and counts what it was not told', () => {
    subscription.goLive();
    expect(subscription.catchUp()).toBeUndefined();
    subscription.suspend(49_999, 1);
    expect(hear(6)).toBe(false);
    expect(hear(7)).toBe(false);
    expect(subscription.catchUp()).toEqual({ from_seq: 49_999, dropped: 3 });
    expect(subscription.catchUp()).toBeUndefined();
  });

  test('tells nothing once it is over', () => {
    subscription.suspend(49_999, 1);
    subscription.end();
    expect(subscription.catchUp()).toBeUndefined();
    expect(hear(6)).toBe(false);
  });
});
