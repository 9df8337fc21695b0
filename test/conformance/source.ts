import { describe, expect, it } from 'vitest';
import type { Batch, ReadFrom, Row, Source } from '../../src/areas/datasync/executor/pipeline/contracts.ts';
import type { Json } from '../../src/protocol/executor.ts';

/** What every source under test can hold: whole numbers from 1 in order, and text. */
export interface SourceRecord {
  readonly id: number;
  readonly name: string;
  /** What records are ordered by when only new ones are wanted; several may share one. */
  readonly version: number;
}

export interface OpenOptions {
  readonly batchSize: number;
  readonly signal: AbortSignal;
  /** Only records behind the cursor of an earlier run. */
  readonly incremental: boolean;
}

export interface SourceUnderTest {
  /** Makes these what the source holds, in place of what it held. */
  fill(records: readonly SourceRecord[]): Promise<void>;
  open(options: OpenOptions): Source;
  /** Whether it can read only what is new. */
  readonly incremental: boolean;
  /** Whether it can say, exactly, how many records are to come. */
  readonly tells: 'total' | 'nothing';
}

/** The same, asked for text wherever it has that. */
export function readingText(source: Source): Source {
  return {
    total: async (from) => source.total?.({ ...from, text: true }),
    read: (from) => source.read({ ...from, text: true }),
    close: () => source.close(),
  };
}

const beginning: ReadFrom = { position: undefined, cursor: undefined };
const never = new AbortController().signal;

function sourceRecords(count: number, from = 1): SourceRecord[] {
  return Array.from({ length: count }, (_, index) => {
    const id = from + index;
    return { id, name: `name ${id} 中文 🚢`, version: Math.ceil(id / 4) };
  });
}

/** Reads on to the end. @returns the batches and the cursor */
async function drain(source: Source, from: ReadFrom): Promise<{ batches: Batch[]; cursor: Json | undefined }> {
  const batches: Batch[] = [];
  const reading = source.read(from);
  for (;;) {
    const next = await reading.next();
    if (next.done) return { batches, cursor: next.value };
    batches.push(next.value);
  }
}

const rowsOf = (batches: readonly Batch[]): Row[] => batches.flatMap((batch) => batch.rows);
const idsOf = (batches: readonly Batch[]) => rowsOf(batches).map((row) => row.id);
const ordinalsOf = (batches: readonly Batch[]) => batches.flatMap((batch) => batch.ordinals);
/** As a position comes back after a crash. */
const stored = (position: Json): Json => JSON.parse(JSON.stringify(position)) as Json;
const counting = (count: number, from = 0) => Array.from({ length: count }, (_, index) => from + index);

/** What every implementation of Source must do; run it once for each. */
export function describeSource(name: string, setup: () => Promise<SourceUnderTest>): void {
  describe(`source: ${name}`, () => {
    let under: SourceUnderTest | undefined;
    const filled = async (records: readonly SourceRecord[]): Promise<SourceUnderTest> => {
      under ??= await setup();
      await under.fill(records);
      return under;
    };
    const reading = async (
      { open }: SourceUnderTest,
      from: ReadFrom = beginning,
      options: Partial<OpenOptions> = {},
    ): Promise<{ batches: Batch[]; cursor: Json | undefined }> => {
      const source = open({ batchSize: 7, signal: never, incremental: false, ...options });
      try {
        return await drain(source, from);
      } finally {
        await source.close();
      }
    };

    it('reads all records in order, and counts them from 0', async () => {
      const records = sourceRecords(40);
      const { batches } = await reading(await filled(records));
      expect(rowsOf(batches)).toEqual(records.map((record) => expect.objectContaining({ ...record })));
      expect(ordinalsOf(batches)).toEqual(counting(40));
      for (const { rows, ordinals } of batches) expect(ordinals).toHaveLength(rows.length);
      expect(batches.length).toBeGreaterThan(1);
    });

    it('goes on behind any batch, with what would have come', async () => {
      const under = await filled(sourceRecords(40));
      const { batches } = await reading(under);
      for (const [index, { position }] of batches.entries()) {
        const rest = batches.slice(index + 1);
        const { batches: resumed } = await reading(under, { position: stored(position), cursor: undefined });
        expect(rowsOf(resumed)).toEqual(rowsOf(rest));
        expect(ordinalsOf(resumed)).toEqual(ordinalsOf(rest));
      }
    });

    it('has nothing to give when there is nothing', async () => {
      const { batches } = await reading(await filled([]));
      expect(rowsOf(batches)).toEqual([]);
    });

    it('says how many records there are to come, if it says anything', async () => {
      const under = await filled(sourceRecords(40));
      const source = under.open({ batchSize: 7, signal: never, incremental: false });
      try {
        const total = await source.total?.(beginning);
        expect(total).toBe(under.tells === 'total' ? 40 : undefined);
        const reader = source.read(beginning);
        const first = await reader.next();
        await reader.return(undefined);
        if (first.done) throw new Error('no batch came');
        await source.close();
        const again = under.open({ batchSize: 7, signal: never, incremental: false });
        const left = await again.total?.({ position: stored(first.value.position), cursor: undefined });
        await again.close();
        expect(left).toBe(under.tells === 'total' ? 40 - first.value.rows.length : undefined);
      } finally {
        await source.close();
      }
    });

    it('knows its columns as its records show them, if it knows any', async () => {
      const under = await filled(sourceRecords(3));
      const source = under.open({ batchSize: 7, signal: never, incremental: false });
      try {
        const columns = await source.columns?.();
        const { batches } = await drain(source, beginning);
        if (columns) expect(columns.map((column) => column.name)).toEqual(Object.keys(rowsOf(batches)[0] ?? {}));
      } finally {
        await source.close();
      }
    });

    it('may be left at any batch, and closed twice or unread', async () => {
      const under = await filled(sourceRecords(40));
      const source = under.open({ batchSize: 7, signal: never, incremental: false });
      for await (const batch of source.read(beginning)) {
        expect(batch.rows.length).toBeGreaterThan(0);
        break;
      }
      await source.close();
      await source.close();
      await under.open({ batchSize: 7, signal: never, incremental: false }).close();
    });

    it('ends with its signal, and with the reason of that', async () => {
      const under = await filled(sourceRecords(40));
      const abort = new AbortController();
      const source = under.open({ batchSize: 7, signal: abort.signal, incremental: false });
      const reader = source.read(beginning);
      await reader.next();
      const reason = new Error('enough');
      abort.abort(reason);
      const rest = async () => {
        for (let next = await reader.next(); !next.done; next = await reader.next());
      };
      await expect(rest()).rejects.toBe(reason);
      await source.close();
    });

    it('reads only what is new behind its cursor, if it can', async () => {
      const under = await filled(sourceRecords(20));
      if (!under.incremental) return;
      const first = await reading(under, beginning, { incremental: true });
      expect(idsOf(first.batches)).toEqual(counting(20, 1));
      await under.fill(sourceRecords(26));
      const cursor = stored(first.cursor ?? null);
      const second = await reading(under, { position: undefined, cursor }, { incremental: true });
      // The records 17 to 20 share a version with each other, and 21 to 24, and 25 and 26.
      expect(idsOf(second.batches)).toEqual(counting(6, 21));
      await under.fill(sourceRecords(28));
      const later = { position: undefined, cursor: stored(second.cursor ?? null) };
      const third = await reading(under, later, { incremental: true });
      expect(idsOf(third.batches)).toEqual([27, 28]);
    });
  });
}
