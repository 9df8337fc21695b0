import { afterEach, beforeAll, beforeEach, describe } from 'vitest';
import { describeChanges } from './destination/changes.ts';
import { describeConflicts } from './destination/conflicts.ts';
import { describeLostConnections } from './destination/lost-connections.ts';
import { describeModes } from './destination/modes.ts';
import { describeNames } from './destination/names.ts';
import { describeOverwriting } from './destination/overwriting.ts';
import { describeRefusedRows } from './destination/refused-rows.ts';
import { describeSchema } from './destination/schema.ts';
import { DestinationStage, type DestinationUnderTest } from './destination/stage.ts';
import { describeState } from './destination/state.ts';
import { describeValues } from './destination/values.ts';
import { describeVanishedRows } from './destination/vanished-rows.ts';

/**
 * What writing to a table must do, whichever the database; run it once for each.
 * @param missing why it cannot be tested here
 */
export function describeDestination(name: string, setup: () => Promise<DestinationUnderTest>, missing?: string): void {
  describe(`destination: ${name}`, () => {
    const stage = new DestinationStage();

    beforeAll(async () => {
      if (missing === undefined) stage.use(await setup());
    });
    beforeEach((context) => {
      if (missing !== undefined) context.skip(missing);
      stage.next();
    });
    afterEach(() => stage.close());

    describeValues(stage);
    describeModes(stage);
    describeOverwriting(stage);
    describeSchema(stage);
    describeRefusedRows(stage);
    describeVanishedRows(stage);
    describeConflicts(stage);
    describeChanges(stage);
    describeNames(stage);
    describeState(stage);
    describeLostConnections(stage);
  });
}
