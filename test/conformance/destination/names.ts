import { describe, expect, it } from 'vitest';
import { ExecutorError } from '../../../src/protocol/executor.ts';
import type { DestinationStage } from './stage.ts';

export function describeNames(stage: DestinationStage): void {
  describe('names', () => {
    it('takes names for names, whatever they look like', async () => {
      const table = `odd "${stage.number}"; DROP TABLE x; -- \` 中文`;
      const field = `f"ield'); \`--\\ 🚢`.replace('🚢', '舟');
      await stage.sync([[{ id: 1, [field]: 'a', select: 1 }]], { table, onMissing: 'mark' });
      await stage.sync([[{ id: 1, [field]: 'b', select: 1 }]], { table, conflict: { strategy: 'manual' } });
      await stage.sync([[{ id: 1, [field]: 'c', select: 2 }, { id: 2 }]], { table, conflict: { strategy: 'manual' } });
      await stage.sync([[{ id: 1, [field]: 'd', select: 2 }]], { table, mode: 'overwrite' });
      expect(await stage.under.rows(table)).toMatchObject([{ id: 1, [field]: 'd', select: 2 }]);
    });

    it('says which name is too long, and does not cut it', async () => {
      const long = 'n'.repeat(70);
      await expect(stage.sync([[{ id: 1, [long]: 1 }]])).rejects.toMatchObject({
        retryable: false,
        message: /nnn.*70/,
      });
      await expect(stage.attempt({ table: long }).open()).rejects.toMatchObject({
        retryable: false,
        message: /nnn.*70/,
      });
    });

    it('does not confuse names that differ in case', async () => {
      const rows = [[{ id: 1, name: 'a', Name: 'b' }]];
      if (stage.under.caseful) {
        await stage.sync(rows);
        expect(await stage.rows()).toEqual([{ id: 1, name: 'a', Name: 'b' }]);
      } else {
        await expect(stage.sync(rows)).rejects.toMatchObject({ retryable: false, message: /"name" and "Name"/ });
      }
    });

    it('keeps off the names that the sync itself uses', async () => {
      await stage.sync([[{ id: 1, _longshore_base: 'x', _deleted_at: 'y' }]], { onMissing: 'mark' });
      expect(await stage.rows()).toEqual([{ id: 1, _deleted_at: null }]);
      await expect(stage.attempt({ table: '_longshore_sync' }).open()).rejects.toBeInstanceOf(ExecutorError);
    });
  });
}
