import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { createTestDatabase, silent } from '../../test/support/database.ts';
import { randomText } from '../kernel/ids.ts';
import { ensureWarehouse, warehouseUrl } from './warehouse.ts';

const database = await createTestDatabase();
const settings = { warehouseUrl: undefined, directUrl: database.directUrl, password: 'a-password_of-48' };

async function connected<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

describe('the warehouse in the control plane’s database', () => {
  it('is made once, however many servers start', async () => {
    await Promise.all(Array.from({ length: 5 }, () => ensureWarehouse(database.store, settings, silent)));
    const url = await warehouseUrl(database.store, settings);
    await connected(url, async (client) => {
      await client.query('CREATE TABLE data.things (id int PRIMARY KEY)');
      await client.query('INSERT INTO data.things VALUES (1)');
    });
  });

  it('shows who signs in to it nothing of the control plane', async () => {
    const url = await warehouseUrl(database.store, settings);
    await connected(url, async (client) => {
      await expect(client.query('SELECT * FROM longshore.users')).rejects.toThrow(
        /permission denied for schema longshore/,
      );
      await expect(client.query('CREATE TABLE public.mine ()')).rejects.toThrow(/permission denied/);
    });
  });

  it('is reached with the login’s own rights where that may not make roles', async () => {
    const poor = await createTestDatabase();
    const login = `longshore_poor_${randomText(8)}`.toLowerCase();
    await poor.store.query(`CREATE ROLE ${login}`);
    try {
      await poor.store.query(`GRANT ${login} TO CURRENT_USER`);
      await poor.store.query(`GRANT CREATE ON DATABASE ${new URL(poor.directUrl).pathname.slice(1)} TO ${login}`);
      const store = {
        query: (sql: string, params?: readonly unknown[]) =>
          poor.store.transaction(async (tx) => {
            await tx.query(`SET LOCAL ROLE ${login}`);
            return tx.query(sql, params);
          }),
        transaction: (work: Parameters<typeof poor.store.transaction>[0]) =>
          poor.store.transaction(async (tx) => {
            await tx.query(`SET LOCAL ROLE ${login}`);
            return work(tx);
          }),
      } as unknown as typeof poor.store;
      await ensureWarehouse(store, { ...settings, directUrl: poor.directUrl }, silent);
      expect(await warehouseUrl(poor.store, { ...settings, directUrl: poor.directUrl })).toBe(poor.directUrl);
    } finally {
      await poor.store.query(`DROP OWNED BY ${login}`);
      await poor.store.query(`DROP ROLE ${login}`);
    }
  });

  it('is another database where the operator says so', async () => {
    const elsewhere = { ...settings, warehouseUrl: 'postgresql://elsewhere/warehouse' };
    await ensureWarehouse(database.store, elsewhere, silent);
    expect(await warehouseUrl(database.store, elsewhere)).toBe('postgresql://elsewhere/warehouse');
  });
});
