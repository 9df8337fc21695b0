import type { Queryable } from '../../store/store.ts';

/** Stores `value` unless there is one already. @returns the one that is stored, 32 bytes */
export async function putMasterKeyCheck(queryable: Queryable, value: Buffer): Promise<Buffer> {
  // DO UPDATE, which changes nothing: DO NOTHING would return no row to whoever comes second.
  const [row] = await queryable.query<{ value: Buffer }>(
    `INSERT INTO longshore.master_key_check AS c (value) VALUES ($1)
     ON CONFLICT (singleton) DO UPDATE SET value = c.value
     RETURNING value`,
    [value],
  );
  if (!row) throw new Error('master_key_check returned no row');
  return row.value;
}

/** The one that is stored, 32 bytes, if there is one. */
export async function getMasterKeyCheck(queryable: Queryable): Promise<Buffer | undefined> {
  const [row] = await queryable.query<{ value: Buffer }>('SELECT value FROM longshore.master_key_check');
  return row?.value;
}
