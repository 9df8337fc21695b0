import { describe, expect, it } from 'vitest';
import { eventually } from '../../../../../../test/support/serving.ts';
import { noMariadb, TemporaryMariadb } from '../../../../../../test/support/temporary-mariadb.ts';
import { MysqlEngine } from './engine.ts';

const CONNECT = { applicationName: 'longshore test', allowPrivate: true };

describe('MariaDB', () => {
  it('is waited for by whoever takes over, longer than its own patience, until the attempt before lets go', async (context) => {
    if (noMariadb) context.skip(noMariadb);
    const server = await TemporaryMariadb.create(['--innodb-lock-wait-timeout=1']);
    const database = await server.createDatabase();
    const login = { ...server.login, database };
    const [holder, heir] = [1, 2].map(
      (epoch) => new MysqlEngine(login, CONNECT, database, { jobKey: 'a:0', runId: 7, epoch }, { table: 't', keys: 1 }),
    ) as [MysqlEngine, MysqlEngine];
    try {
      for (const engine of [holder, heir]) await engine.connect();
      await holder.takeFence(async () => {});
      const state = { run_id: 7, position: 1, cursor: null, read: 1, written: 1, rejected: 0, complete: false };
      const destination = { filling: false, told: 0, scratch: [] };
      let taken: Promise<unknown> = Promise.resolve();
      await holder.transaction(async () => {
        await holder.saveState({ ...state, definition: 'd', destination });
        taken = heir.takeFence(async () => {});
        const waits = 'SELECT 1 FROM information_schema.INNODB_TRX WHERE trx_wait_started < NOW() - INTERVAL 3 SECOND';
        await Promise.race([taken, eventually(async () => (await server.administer(waits))[0])]);
      });
      expect(await taken).toMatchObject({ read: 1 });
    } finally {
      for (const engine of [holder, heir]) await engine.close();
      await server.remove();
    }
  });
});
