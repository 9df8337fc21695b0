import { describe, expect, it } from 'vitest';
import { parsePointer, valueAt } from './json-pointer.ts';

const at = (value: Parameters<typeof valueAt>[0], pointer: string) => valueAt(value, parsePointer(pointer));

describe('a JSON Pointer', () => {
  const document = { foo: ['bar', 'baz'], '': 0, 'a/b': 1, 'm~n': 8, ' ': 7, '~1': 9, 中文: { x: null } };

  it.each([
    ['', document],
    ['/foo', ['bar', 'baz']],
    ['/foo/0', 'bar'],
    ['/', 0],
    ['/a~1b', 1],
    ['/m~0n', 8],
    ['/ ', 7],
    ['/~01', 9],
    ['/中文/x', null],
  ])('%j leads to what stands there', (pointer, value) => {
    expect(at(document, pointer)).toEqual(value);
  });

  it.each(['/nothing', '/foo/2', '/foo/-', '/foo/01', '/foo/length', '/foo/0/0', '/中文/x/y', '/constructor/name'])(
    '%j leads nowhere',
    (pointer) => {
      expect(at(document, pointer)).toBeUndefined();
    },
  );
});
