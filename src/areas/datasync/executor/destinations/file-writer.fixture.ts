/**
 * Writes 200 rows as a run does, ten a batch, on from wherever an earlier attempt was killed, and says where it is.
 * Started with the options as JSON, by a test that kills it.
 */
import type { Row, SyncState } from '../pipeline/contracts.ts';
import { fileDestination } from './file.ts';

const options = JSON.parse(process.argv[2] ?? '{}') as Parameters<typeof fileDestination>[0];
const ROWS = 200;
const BATCH = 10;

const say = (what: string) => new Promise<void>((resolve) => process.send?.(what, () => resolve()));

const destination = fileDestination(options);
const last = await destination.open();
if (!last?.complete) {
  let state: SyncState = {
    run_id: options.runId,
    position: null,
    cursor: null,
    read: 0,
    written: 0,
    rejected: 0,
    complete: false,
    definition: 'd',
  };
  if (last?.position != null) state = last;
  while (state.read < ROWS) {
    const ordinals = Array.from({ length: BATCH }, (_, index) => state.read + index);
    const rows = ordinals.map((ordinal): Row => ({ id: ordinal, name: `名 ${ordinal}` }));
    const next = { ...state, read: state.read + BATCH, position: state.read + BATCH };
    await destination.write({
      rows,
      ordinals,
      state: next,
      beforeCommit: async () => await say(`write ${ordinals[0]}`),
    });
    state = { ...next, written: state.written + BATCH };
    await say(`wrote ${ordinals[0]}`);
  }
  const finishing = say('finishing');
  await destination.finish({ ...state, position: null, complete: true });
  await finishing;
}
await destination.close();
await say('done');
process.disconnect();
