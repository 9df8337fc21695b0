import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CheckedLines, type LinesState, LONGEST_LINE, PushLines } from './push-lines.ts';
import { PLAIN_LINE, problemOfRecord } from './push-records.ts';

/** Takes `body` in pieces that end at `cuts`. */
function taken(body: Buffer, cuts: readonly number[], from?: LinesState): { bytes: string; state: LinesState } {
  const lines = new PushLines(from);
  const given: (CheckedLines | undefined)[] = [];
  const ends = [...new Set(cuts.map((cut) => cut % (body.length + 1)))].sort((a, b) => a - b);
  for (const [index, end] of [...ends, body.length].entries()) {
    given.push(lines.take(body.subarray(ends[index - 1] ?? 0, end)), lines.cut());
  }
  given.push(lines.finish());
  const bytes = Buffer.concat(given.flatMap((part) => (part ? [part.bytes] : [])));
  return { bytes: bytes.toString(), state: lines.state };
}

const good = (id: string) => `{"id":"${id}","data":{"a":1}}`;

describe('the lines of a stream', () => {
  it('are judged alike, wherever its pieces end', () => {
    const line = fc.oneof(
      fc.constantFrom('', '\r', ' ', 'x', '{}', 'null', '{"id":1,"data":{}}\r', good('a'), good('中文 🚀'), '\xff'),
      fc.json(),
      fc
        .record({ id: fc.string(), data: fc.dictionary(fc.string(), fc.jsonValue()) })
        .map((value) => JSON.stringify(value)),
    );
    fc.assert(
      fc.property(fc.array(line), fc.array(fc.nat()), fc.boolean(), (all, cuts, ends) => {
        const body = Buffer.from(all.join('\n') + (ends && all.length > 0 ? '\n' : ''), 'utf8');
        const whole = taken(body, []);
        expect(taken(body, cuts)).toEqual(whole);
        expect(whole.state.received).toBe(body.length);
        expect(whole.state.accepted + whole.state.rejected).toBeLessThanOrEqual(whole.state.lines);
        const lines = whole.bytes.split('\n').filter((text) => text !== '' && text !== '{}');
        expect(lines).toHaveLength(whole.state.accepted);
        for (const text of lines) expect(problemOfRecord(JSON.parse(text), true)).toBeUndefined();
      }),
    );
  });

  it('keep their numbers: what was not taken stands as no record', () => {
    const { bytes, state } = taken(Buffer.from(`${good('1')}\nbad\n\n${good('4')}`), []);
    expect(bytes).toBe(`${good('1')}\n{}\n{}\n${good('4')}\n`);
    expect(state).toMatchObject({ lines: 4, accepted: 2, rejected: 1, errors: [{ line: 2 }] });
  });

  it('may be a mebibyte long, and no more, however they come', () => {
    const fitting = good('x').replace('1', `"${'y'.repeat(LONGEST_LINE - good('x').length - 1)}"`);
    expect(fitting).toHaveLength(LONGEST_LINE);
    const body = Buffer.from(`${fitting}\n${fitting.replace('y', 'yy')}\n${good('z')}\n`);
    const pieces = Array.from({ length: 40 }, (_, index) => index * 65_536);
    for (const cuts of [[], pieces]) {
      const { state } = taken(body, cuts);
      expect(state).toMatchObject({ lines: 3, accepted: 2, rejected: 1, received: body.length });
      expect(state.errors).toEqual([{ line: 2, id: null, code: 'LINE_TOO_LONG', message: expect.any(String) }]);
    }
    const endless = taken(Buffer.alloc(3 * LONGEST_LINE, 'x'), pieces);
    expect(endless.state).toMatchObject({ lines: 1, accepted: 0, rejected: 1, received: 3 * LONGEST_LINE });
  });

  it('go on from where an earlier part ended', () => {
    const body = Buffer.from(`${good('1')}\nbad\n${good('3')}\nbad\n`);
    const first = taken(body.subarray(0, body.indexOf('bad') + 4), []);
    const second = taken(body.subarray(first.state.received), [], first.state);
    expect(second.state).toEqual(taken(body, []).state);
    expect(first.bytes + second.bytes).toBe(taken(body, []).bytes);
  });

  it('with a time are noticed', () => {
    const timed = '{"id":"1","data":{},"metadata":{"updated_at":"2024-01-01T00:00:00Z"}}';
    expect(taken(Buffer.from(good('1')), []).state.timed).toBe(false);
    expect(taken(Buffer.from(`${good('1')}\n${timed}\n${good('2')}\n`), []).state.timed).toBe(true);
  });
});

describe('a plain line', () => {
  function isPlain(text: string): boolean {
    PLAIN_LINE.lastIndex = 0;
    return PLAIN_LINE.test(Buffer.from(`${text}\n`).toString('latin1'));
  }

  it.each([
    good('a'),
    '{"id": 12, "data": {"a": "中文", "b": -1.5e+10, "c": null, "d": true}}',
    '{"id":"a","data":{}}',
  ])('is %s', (text) => {
    expect(isPlain(text)).toBe(true);
  });

  it('is none whose number may be beyond all bounds', () => {
    for (const number of ['1e400', '-1E+309', '2e-400']) {
      expect(isPlain(`{"id":"a","data":{"n":${number}}}`), number).toBe(false);
    }
  });

  it('is a good record in any case', () => {
    const part = fc.constantFrom(
      ...[
        '{',
        '}',
        '"id"',
        '"data"',
        ':',
        ',',
        ' ',
        '"',
        '\\',
        '0',
        '1',
        '-',
        '.',
        'e',
        'true',
        'null',
        'a',
        '_id',
        '名',
      ],
      ...['{"id":', '"x"', ',"data":{', '"a":1', '}}', '"_metadata":', '"__proto__":', '\u0000', '\u0001', '[]'],
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const text = parts.join('');
        if (isPlain(text)) expect(problemOfRecord(JSON.parse(text), true)).toBeUndefined();
      }),
      { numRuns: 3000 },
    );
    const nearly = fc.record({
      id: fc.oneof(fc.string(), fc.integer(), fc.double()),
      data: fc.dictionary(
        fc.oneof(fc.string(), fc.constantFrom('_id', '_metadata', '__proto__', 'x'.repeat(64))),
        fc.jsonValue(),
      ),
    });
    fc.assert(
      fc.property(nearly, (value) => {
        const text = JSON.stringify(value);
        if (isPlain(text)) expect(problemOfRecord(JSON.parse(text), true)).toBeUndefined();
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    '{"id":"a","data":{"_id":1}}',
    '{"id":"a","data":{"_updated_at":1}}',
    '{"id":"a","data":{"a":01}}',
    '{"id":"a","data":{"a":"\t"}}',
    '{"id":"","data":{}}',
    `{"id":"a","data":{"${'x'.repeat(64)}":1}}`,
    '{"id":"a","data":{"a":1,}}',
    '{"id":"a","data":{},"more":1}',
  ])('is not %s', (text) => {
    expect(isPlain(text)).toBe(false);
  });
});
