import { describe, expect, it } from 'vitest';

it('runs', () => expect(1).toBe(1));
it('needs a server', (context) => context.skip(true, 'the server is not installed'));
it.skip('was forgotten', () => expect(1).toBe(1));
describe.skip('a folder (skipped: the disk is not mounted)', () => {
  it('needs a disk', () => expect(1).toBe(1));
});
it.skip('speaks (needs a voice)', () => expect(1).toBe(1));
