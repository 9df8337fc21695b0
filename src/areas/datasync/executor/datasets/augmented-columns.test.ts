import { beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../../../test/support/database.ts';
import type { Column } from '../pipeline/contracts.ts';
import type { AugmentationConfig } from './augmentation-spec.ts';
import { changedColumns } from './augmented-columns.ts';
import { inWarehouse } from './warehouse-session.ts';

let database: TestDatabase;

const COLUMNS: readonly Column[] = [
  { name: 'customer_id', type: 'text' },
  { name: 'category', type: 'text' },
  { name: 'state', type: 'text' },
  { name: 'comment', type: 'text' },
  { name: 'price', type: 'decimal' },
  { name: 'y', type: 'integer' },
  { name: 'at', type: 'timestamp' },
  { name: '_metadata', type: 'json' },
];

beforeAll(async () => {
  database = await createTestDatabase();
  await database.store.query('CREATE SCHEMA data');
  await database.store.query(
    `CREATE TABLE data.reviews AS SELECT n::text AS customer_id, 'c' || n AS category, 's' || n % 3 AS state,
       'comment ' || n AS comment, n::numeric AS price, n % 2 AS y, now() AS at, '{}'::jsonb AS _metadata
     FROM generate_series(1, 100) n`,
  );
});

function chosen(change: Partial<AugmentationConfig> = {}) {
  const config: AugmentationConfig = {
    ...{ table: 'reviews', strategies: ['random_swap'], multiplier: 2, preserve_labels: true, key_columns: [] },
    ...{ jitter: 0.05, seed: 0 },
    ...change,
  };
  const { signal } = new AbortController();
  const login = { engine: 'postgresql', url: database.directUrl } as const;
  return inWarehouse(login, { signal }, 'choosing', (session) => changedColumns(session, config, COLUMNS));
}

test('labels are told by their names, and by texts that come in few forms', async () => {
  expect(await chosen()).toEqual({
    texts: ['comment'],
    numbers: ['price'],
    kept: ['customer_id', 'category', 'state', 'y', 'at'],
  });
});

test('whoever names the labels decides', async () => {
  expect(await chosen({ label_columns: ['comment'] })).toMatchObject({
    texts: ['category', 'state'],
    numbers: ['price', 'y'],
  });
});

test('whoever names the texts decides, but for labels by name', async () => {
  const text_columns = ['state', 'category', 'customer_id'];
  expect(await chosen({ text_columns })).toMatchObject({ texts: ['customer_id', 'state'] });
});

test('labels that need not be preserved are changed, ids and keys are not', async () => {
  expect(await chosen({ preserve_labels: false, key_columns: ['comment'] })).toEqual({
    texts: ['category', 'state'],
    numbers: ['price', 'y'],
    kept: ['customer_id', 'comment', 'at'],
  });
});
