import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Source } from '../pipeline/contracts.ts';
import { drain, OFFSET, PAGE, type Pagination, paged, RestStage, type Run, refused, upTo } from './rest-api.fixture.ts';

const stage = new RestStage();
beforeEach(() => stage.start());
afterEach(() => stage.close());

describe('shares of the pages', () => {
  const shares = (count: number, change: (index: number) => Source) =>
    Promise.all(Array.from({ length: count }, (_, index) => drain(change(index))));
  const share = (pagination: Pagination, index: number, count = 3) =>
    stage.source(paged(pagination), { share: { index, count } });
  const idsOf = (runs: readonly Run[]) => runs.flatMap(({ ids }) => ids as number[]).toSorted((a, b) => a - b);

  for (const pagination of [OFFSET, PAGE]) {
    it.each([0, 1, 9, 10, 11, 29, 30, 31, 95, 100])(
      `by ${pagination.type} hold all of %i records once`,
      async (count) => {
        stage.hold(count);
        const runs = await shares(3, (index) => share(pagination, index));
        expect(idsOf(runs)).toEqual(upTo(count));
      },
    );

    it(`by ${pagination.type} hold all where pages are smaller than was asked for`, async () => {
      stage.hold(50);
      stage.server.manners = { largestPage: 7 };
      expect(idsOf(await shares(4, (index) => share(pagination, index, 4)))).toEqual(upTo(50));
    });

    it(`by ${pagination.type} end where the server says that there is no such page`, async () => {
      stage.hold(40);
      stage.server.manners = { pastEnd: { status: 404, body: {} } };
      expect(idsOf(await shares(3, (index) => share(pagination, index)))).toEqual(upTo(40));
      stage.server.manners = { pastEnd: { status: 400, body: {} }, countHeader: true };
      expect(idsOf(await shares(3, (index) => share(pagination, index)))).toEqual(upTo(40));
    });

    it(`by ${pagination.type} go on from a position`, async () => {
      stage.hold(100);
      const { batches, ids } = await drain(
        stage.source(paged(pagination), { share: { index: 1, count: 2 }, batchSize: 7 }),
      );
      expect(ids).toHaveLength(50);
      for (const [at, { position }] of batches.entries()) {
        const rest = await drain(share(pagination, 1, 2), position);
        expect(rest.ids).toEqual(batches.slice(at + 1).flatMap(({ rows }) => rows.map(({ id }) => id)));
      }
    });
  }

  it('read only their own pages, and the first', async () => {
    stage.hold(90);
    await drain(share(PAGE, 2));
    expect(stage.asked('page')).toEqual(['1', '3', '6', '9', '12']);
  });

  it('read nothing twice from a server that does not know pages', async () => {
    stage.hold(8);
    stage.server.manners = { ignoresPages: true };
    expect(idsOf(await shares(3, (index) => share(PAGE, index)))).toEqual(upTo(8));
    stage.hold(50);
    await expect(drain(share(PAGE, 1))).rejects.toMatchObject(refused('is the page before once more'));
  });
});
