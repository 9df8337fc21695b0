import { describe, expect, it } from 'vitest';
import type { DatabaseLogin, UrlLogin } from '../../../src/connections/drivers/login.ts';
import { CuttingProxy } from '../../support/cutting-proxy.ts';
import { type Attempt, type DestinationStage, people } from './stage.ts';

export function describeLostConnections(stage: DestinationStage): void {
  describe('lost connections', () => {
    it('loses and doubles nothing, wherever in a run the connection is cut', async () => {
      const proxy = new CuttingProxy(stage.under.address);
      const login = stage.under.loginThrough(await proxy.listen());
      try {
        for (const mode of ['append', 'upsert', 'overwrite'] as const) {
          await cutEverywhere(proxy, login, mode);
        }
      } finally {
        proxy.close();
      }
    });

    /** Runs that die and are started again, each a little further on, until one gets through. */
    const cutEverywhere = async (
      proxy: CuttingProxy,
      login: DatabaseLogin | UrlLogin,
      mode: 'append' | 'upsert' | 'overwrite',
    ) => {
      const target = `${stage.table}_${mode}`;
      const all = people(120).map((row) => ({ ...row, filler: 'x'.repeat(50) }));
      const runId = stage.sharedRun;
      let cuts = 0;
      for (let bytes = 300, epoch = 1; ; bytes += 180, epoch++) {
        const options = { table: target, mode, runId, epoch, jobKey: `cut_${stage.number}_${mode}:0` };
        const run = stage.attempt(
          { ...options, keyColumns: mode === 'append' ? [] : ['id'], onMissing: 'delete' },
          login,
        );
        proxy.cutAfter(bytes);
        try {
          const found = await run.open();
          if (!found?.complete) {
            for (let from = run.state.read; from < all.length; from += 40) await run.write(all.slice(from, from + 40));
            await run.finish();
          }
          await run.destination.close();
          break;
        } catch (error) {
          cuts += 1;
          expect(error, String(error)).toMatchObject({ retryable: true });
          await run.destination.close();
        }
      }
      proxy.cutAfter(Number.POSITIVE_INFINITY);
      expect(cuts).toBeGreaterThan(10);
      expect(await stage.under.rows(target)).toEqual(all);
      expect(await stage.tablesBeside(target)).toEqual([]);
    };

    it('can be tried again when the server ends the session amid a transaction', async () => {
      await stage.sync([people(3)]);
      const run = stage.attempt();
      await run.open();
      const killed = run.write(people(9), async () => {
        expect(await stage.under.killWriters()).toBeGreaterThan(0);
      });
      await expect(killed).rejects.toMatchObject({ retryable: true });
      expect(await stage.ids()).toEqual([1, 2, 3]);
    });

    it('ends at once when the run is cancelled while it waits for the server', async () => {
      await stage.sync([people(3)]);
      const cancel = new AbortController();
      const holder = stage.attempt({ jobKey: `holder_${stage.number}:0` });
      await holder.open();
      const reason = new Error('cancelled');
      await holder.write([{ id: 1, name: 'held' }], async () => {
        const run = stage.attempt({ signal: cancel.signal });
        await run.open();
        const waiting = run.write([{ id: 1, name: 'waiting' }]);
        setImmediate(() => cancel.abort(reason));
        await expect(waiting).rejects.toBe(reason);
      });
      expect((await stage.rows())[0]).toEqual({ id: 1, name: 'held' });
    });

    it('ends when the run is cancelled, wherever the server falls silent', async () => {
      const proxy = new CuttingProxy(stage.under.address);
      const login = stage.under.loginThrough(await proxy.listen());
      const through = async (run: Attempt) => {
        await run.open();
        await run.write(people(9));
        await run.destination.close();
      };
      try {
        for (let bytes = 40, ended = false; !ended; bytes += 120) {
          const cancel = new AbortController();
          const run = stage.attempt({ signal: cancel.signal }, login);
          const silent = proxy.silenceAfter(bytes).then(() => false);
          const way = through(run).then(
            () => true,
            () => false,
          );
          ended = await Promise.race([silent, way]);
          cancel.abort(new Error('cancelled'));
          await way;
          await run.destination.close();
        }
      } finally {
        proxy.close();
      }
      expect(await stage.ids()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    });
  });
}
