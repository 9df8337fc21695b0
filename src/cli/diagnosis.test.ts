import { expect, test } from 'vitest';
import { temporaryFolder } from '../../test/support/serving.ts';
import { noRedis, TemporaryRedis } from '../../test/support/temporary-redis.ts';
import { loadConfig } from '../kernel/config.ts';
import { diagnose } from './diagnosis.ts';

async function findingsOfRedis(redisUrl: string | undefined) {
  const config = { ...loadConfig({}, {}), dataDir: await temporaryFolder('doctor'), redisUrl };
  return (await diagnose(config)).filter(({ check }) => check === 'redis');
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
