import { afterAll, beforeAll, expect, it } from 'vitest';

const order: string[] = [];

// Hooks run in the reverse order of their making: this one, made before the import makes its own, sees what that did.
afterAll(() => expect(order).toEqual(['made in a test', 'made in a hook']));
const { afterFile } = await import('./cleanup.ts');

beforeAll(async () => {
  await Promise.resolve();
  afterFile(() => order.push('made in a hook'));
});

it('takes away after the last test, whatever was made where, the latest first', () => {
  afterFile(() => order.push('made in a test'));
  expect(order).toEqual([]);
});
