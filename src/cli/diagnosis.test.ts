import { expect, test } from 'vitest';
import { createTestDatabase, silent } from '../../test/support/database.ts';
import { temporaryFolder } from '../../test/support/serving.ts';
import { noRedis, TemporaryRedis } from '../../test/support/temporary-redis.ts';
import { warehouseSettings } from '../bin/vault.ts';
import { ensureWarehouse } from '../connections/warehouse.ts';
import { type Config, loadConfig } from '../kernel/config.ts';
import { appendChunk, createBlob, finishBlob } from '../store/blobs.ts';
import { diagnose } from './diagnosis.ts';

async function findingsOf(check: string, config: Partial<Config>) {
  return (await diagnose({ ...loadConfig({}, {}), ...config })).filter((finding) => finding.check === check);
}

test('the warehouse is looked at as workers reach it', async () => {
  const { url, directUrl, store } = await createTestDatabase();
  const masterKey = Buffer.alloc(32, 7);
  const dataDir = await temporaryFolder('doctor');
  const config = { databaseUrl: url, directDatabaseUrl: directUrl, masterKey, dataDir };
  expect(await findingsOf('warehouse', config)).toMatchObject([
    { result: 'ok', found: expect.stringContaining('made when the server starts') },
  ]);
  const settings = warehouseSettings(masterKey, { warehouseUrl: undefined, directUrl });
  await ensureWarehouse(store, settings, silent);
  expect(await findingsOf('warehouse', config)).toMatchObject([
    { result: 'ok', found: expect.stringMatching(/^the schema data: 0 tables, reached as longshore_data_\d+$/) },
  ]);
  const another = { ...config, masterKey: Buffer.alloc(32, 8) };
  expect(await findingsOf('warehouse', another)).toMatchObject([
    { result: 'fail', mend: expect.stringContaining('master key') },
  ]);
  const away = { ...config, warehouseUrl: 'postgresql://127.0.0.1:9/nothing' };
  expect(await findingsOf('warehouse', away)).toMatchObject([
    { result: 'fail', mend: expect.stringContaining('LONGSHORE_WAREHOUSE_URL') },
  ]);
});

test('uploads are counted, and there must be room for the largest', async () => {
  const { url, store } = await createTestDatabase();
  const blobId = await createBlob(store);
  await appendChunk(store, blobId, 0, Buffer.alloc(2048));
  await finishBlob(store, blobId);
  const config = { databaseUrl: url, dataDir: await temporaryFolder('doctor') };
  expect(await findingsOf('uploads', { ...config, maxUploadMb: 1 })).toEqual([
    { check: 'uploads', result: 'ok', found: '1 in the database, 2.0 KiB; the largest allowed has 1 MiB', mend: null },
  ]);
  expect(await findingsOf('uploads', { ...config, maxUploadMb: 1e9 })).toMatchObject([
    { result: 'warn', mend: expect.stringContaining('LONGSHORE_MAX_UPLOAD_MB') },
  ]);
});

async function findingsOfRedis(redisUrl: string | undefined) {
  return findingsOf('redis', { dataDir: await temporaryFolder('doctor'), redisUrl });
}

test('Redis is looked at where one is configured, and its absence is no failure', async (context) => {
  if (noRedis) context.skip(noRedis);
  const redis = await TemporaryRedis.create();
  expect(await findingsOfRedis(undefined)).toEqual([]);
  expect(await findingsOfRedis(redis.url)).toMatchObject([{ result: 'ok', mend: null }]);
  await redis.kill();
  expect(await findingsOfRedis(redis.url)).toMatchObject([
    { result: 'warn', mend: expect.stringContaining('REDIS_URL') },
  ]);
});
