import type { ConnectOptions, DatabaseLogin, UrlLogin } from '../../../../../connections/drivers/login.ts';
import { ExecutorError, type RunContext } from '../../../../../protocol/executor.ts';
import { openReader } from './open.ts';
import { type DatabaseSelection, type KeyRange, keyBounds, planRead, type ReadPlan } from './plan.ts';
import { oneSelect } from './query-text.ts';
import { onlyRow } from './reader.ts';

export interface SplitOptions {
  readonly config: DatabaseSelection;
  readonly login: DatabaseLogin | UrlLogin;
  readonly guard: Pick<ConnectOptions, 'allowPrivate' | 'lookup'>;
  readonly signal: AbortSignal;
  readonly log: RunContext['log'];
}

/**
 * Cuts a table into ranges of its key, so that several runs can read it at once. They are equally wide, so they hold
 * about as many rows each where the key counts up. The first and the last are open to their side: what is added while
 * they are read falls into one of them.
 * @param parts at most as many ranges, from 1
 * @returns the whole as one range where there is no row
 * @throws ExecutorError in words for the user; naming `partitions` where no key of one column holds integers
 */
export async function splitByKey(options: SplitOptions, parts: number): Promise<KeyRange[]> {
  const { config, login, guard, signal, log } = options;
  const query = config.query === undefined ? undefined : oneSelect(config.query, login.engine);
  const reader = await openReader(login, { ...guard, signal, applicationName: 'longshore' }, (text) =>
    log('warning', text),
  );
  const abort = () => reader.abort();
  signal.addEventListener('abort', abort);
  try {
    const plan = await planRead(reader, config, query, false);
    const [column, ...more] = plan.keyset?.columns ?? [];
    if (!column || more.length > 0 || column.type !== 'integer' || column.nullable) throw notDivisible(plan);
    const [lowest = null, highest = null] = (await onlyRow(reader, keyBounds(reader, plan, column))) ?? [];
    if (lowest === null) return [{ column: column.name }];
    return cut(column.name, BigInt(String(lowest)), BigInt(String(highest)), BigInt(parts));
  } catch (error) {
    signal.throwIfAborted();
    throw reader.explain(error, 'looking for the bounds of the key');
  } finally {
    signal.removeEventListener('abort', abort);
    await reader.close();
  }
}

function notDivisible({ keyset }: ReadPlan): ExecutorError {
  const key = keyset?.columns.map(({ name, type }) => `${name} (${type})`).join(', ');
  const found = key === undefined ? 'there is no key' : `the key is ${key}`;
  return new ExecutorError(
    `partitions: ranges are cut by a key of one column of integers without nulls, but ${found}; name one as connector.config.key_columns, or leave partitions out`,
    { retryable: false },
  );
}

function cut(column: string, lowest: bigint, highest: bigint, parts: bigint): KeyRange[] {
  const width = (highest - lowest + parts) / parts;
  const ranges: KeyRange[] = [];
  for (let from = lowest; from <= highest; from += width) {
    const to = from + width;
    ranges.push({
      column,
      ...(from > lowest ? { from: from.toString() } : {}),
      ...(to <= highest ? { to: to.toString() } : {}),
    });
  }
  return ranges;
}
