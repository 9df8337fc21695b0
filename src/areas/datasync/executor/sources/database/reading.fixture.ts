import type { DatabaseLogin, UrlLogin } from '../../../../../connections/drivers/login.ts';
import type { Json } from '../../../../../protocol/executor.ts';
import type { Batch, ReadFrom, Row, Source } from '../../pipeline/contracts.ts';
import type { DatabaseSelection } from './plan.ts';
import { type DatabaseSourceOptions, databaseSource } from './source.ts';

export const guard = { allowPrivate: true };
const beginning: ReadFrom = { position: undefined, cursor: undefined };

export interface Reading {
  readonly batches: Batch[];
  readonly rows: Row[];
  readonly cursor: Json | undefined;
  /** What was logged as warnings. */
  readonly warnings: string[];
}

/** Sources of one database, and what they read. */
export function readsFrom(login: DatabaseLogin | UrlLogin) {
  const warnings: string[] = [];
  const open = (config: DatabaseSelection, options: Partial<DatabaseSourceOptions> = {}): Source =>
    databaseSource({
      config,
      login,
      guard,
      batchSize: 10,
      incremental: config.cursor_column !== undefined,
      signal: new AbortController().signal,
      log: (level, message) => {
        if (level === 'warning') warnings.push(message);
      },
      ...options,
    });
  const read = async (
    config: DatabaseSelection,
    from: Partial<ReadFrom> = {},
    options: Partial<DatabaseSourceOptions> = {},
  ): Promise<Reading> => {
    const source = open(config, options);
    const batches: Batch[] = [];
    try {
      const reader = source.read({ ...beginning, ...from });
      for (;;) {
        const next = await reader.next();
        if (next.done) return { batches, rows: batches.flatMap(({ rows }) => rows), cursor: next.value, warnings };
        batches.push(next.value);
      }
    } finally {
      await source.close();
    }
  };
  return { open, read, warnings };
}
