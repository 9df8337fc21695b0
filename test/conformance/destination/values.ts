import { describe, expect, it } from 'vitest';
import type { Row } from '../../../src/areas/datasync/executor/pipeline/contracts.ts';
import type { DestinationStage } from './stage.ts';

export function describeValues(stage: DestinationStage): void {
  describe('values', () => {
    it('keeps values of every type as they are', async () => {
      const time = new Date('2024-02-29T12:34:56.789Z');
      const rows: Row[] = [
        {
          id: 1,
          text: '中文 🚢 "quoted" \'single\' \\N \\ \t tab \n line \r end',
          yes: true,
          whole: 42,
          big: 9_223_372_036_854_775_807n,
          real: 0.1,
          day: '2024-02-29',
          time,
          json: { a: [1, 'zwei', null, { b: '中文 🚢 \\ "' }], big: 12_345_678_901_234_567_890n },
          bytes: new Uint8Array([0, 1, 9, 10, 13, 92, 255]),
        },
        {
          id: 2,
          text: '',
          yes: false,
          whole: 0,
          big: -9_223_372_036_854_775_808n,
          real: -1.5e-300,
          day: '0001-01-01',
        },
        {
          id: 3,
          text: null,
          yes: null,
          whole: null,
          big: null,
          real: null,
          day: null,
          time: null,
          json: null,
          bytes: null,
        },
      ];
      await stage.sync([rows]);
      expect(await stage.types()).toMatchObject({
        ...{ id: 'integer', text: 'text', yes: 'boolean', whole: 'integer', big: 'integer', real: 'number' },
        ...{ day: 'date', time: 'timestamp', json: 'json', bytes: 'binary' },
      });
      const [first, second, third] = await stage.rows();
      expect(first).toEqual({
        ...rows[0],
        big: '9223372036854775807',
        time: time.toISOString(),
        json: { a: [1, 'zwei', null, { b: '中文 🚢 \\ "' }], big: expect.anything() },
        bytes: 'AAEJCg1c/w==',
      });
      expect(second).toMatchObject({
        text: '',
        yes: false,
        whole: 0,
        real: -1.5e-300,
        day: '0001-01-01',
        time: null,
      });
      expect(Object.values(third ?? {}).filter((value) => value !== null)).toEqual([3]);
    });

    it('survives what no database takes', async () => {
      const run = await stage.sync([
        [
          { id: 1, text: 'a\0b', json: { 'k\0': 'x\0\ud800' }, real: 1.5, time: new Date(0) },
          { id: 2, text: 'lone \ud83d', json: [Number.NaN], real: Number.NaN, time: new Date(Number.NaN) },
          { id: 3, text: '\udc00', json: ['\\u0000'], real: Number.POSITIVE_INFINITY, time: new Date(8.64e15) },
        ],
      ]);
      expect(run.outcomes[0]).toMatchObject({ written: 3, rejects: [] });
      const rows = await stage.rows();
      expect(String(rows[0]?.text)).toMatch(/^a[\0\ufffd]b$/);
      expect(rows[1]?.text).toBe('lone \ufffd');
      expect(rows[2]?.json).toEqual(['\\u0000']);
      expect(rows[1]?.time).toBeNull();
    });

    it('keeps decimals, of which text alone does not tell, where the source declares them', async () => {
      const columns = [
        { name: 'price', type: 'decimal' },
        { name: 'at', type: 'timestamp' },
      ] as const;
      const price = '12345678901234567890.123456789';
      await stage.sync([[{ id: 1, price, at: '2024-05-06T07:08:09.123456+02:00' }]], { columns });
      expect(await stage.types()).toMatchObject({ price: 'decimal', at: 'timestamp' });
      const [row] = await stage.rows();
      expect(String(row?.price).replace(/0+$/, '')).toBe(price);
      expect(row?.at).toBe('2024-05-06T05:08:09.123Z');
    });

    it('widens what it is made of within a batch, losing nothing', async () => {
      await stage.sync([
        [
          { id: 1, a: 1, b: true, c: '2024-01-01', d: 2 ** 53, e: 1 },
          { id: 2, a: 1.5, b: 'no', c: 'later', d: 9_007_199_254_740_993n, e: '007' },
        ],
      ]);
      expect(await stage.rows()).toEqual([
        { id: 1, a: 1, b: 'true', c: '2024-01-01', d: '9007199254740992', e: '1' },
        { id: 2, a: 1.5, b: 'no', c: 'later', d: '9007199254740993', e: '007' },
      ]);
    });
  });
}
