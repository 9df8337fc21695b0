import { beforeAll, describe, expect, it } from 'vitest';

describe('a folder whose preparation fails', () => {
  beforeAll(() => {
    throw new Error('no server');
  });
  it('does not run', () => expect(1).toBe(1));
});
