import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { datasyncExecutors } from '../../src/areas/datasync/executor/data-sync.ts';
import { findMasterKey } from '../../src/auth/master-key.ts';
import { startWorker } from '../../src/bin/worker.ts';
import { createOutbound } from '../../src/connections/outbound.ts';
import { type Answer, startTestServer, type TestServer } from '../support/api-server.ts';
import { afterFile } from '../support/cleanup.ts';
import { silent } from '../support/database.ts';
import { eventually, temporaryFolder } from '../support/serving.ts';

/*
 * What comes in: the data-sync contract's chapter on pushes, streams, webhooks and files, endpoint by endpoint, over a
 * real socket, up to the rows that a real worker makes of it.
 */

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const NDJSON = 'application/x-ndjson';
let server: TestServer;

beforeAll(async () => {
  server = await startTestServer({ maxUploadMb: 1 });
  const guard = { allowPrivate: false };
  const outbound = createOutbound(guard);
  const exportDir = await temporaryFolder('exports');
  const { stop } = await startWorker({
    databaseUrl: server.database.url,
    directDatabaseUrl: server.database.directUrl,
    masterKey: await findMasterKey(server.config),
    logCapBytes: 1_000_000,
    executors: datasyncExecutors({ outbound, guard, exportDir }),
    logger: silent,
  });
  afterFile(async () => {
    await stop(0);
    await outbound.close();
  });
});

let sources = 0;
/** A dataset that nothing has been pushed to. */
function newSource(): string {
  sources += 1;
  return `source ${sources}`;
}

function failure(code: string, field?: string) {
  const details = field === undefined ? [] : [{ field, message: expect.any(String) }];
  return { error: { code, message: expect.any(String), details, request_id: expect.any(String) } };
}

const pushBatch = (body: unknown, headers: Record<string, string> = {}) =>
  server.call('POST', '/v1/sync/push/batch', { body, headers });

function record(id: string, data: object = { name: id }, metadata?: object) {
  return { id, data, ...(metadata ? { metadata } : {}) };
}

/** Waits until a request's load has ended. */
async function ended(requestId: string): Promise<Answer['body']> {
  return eventually(async () => {
    const { body } = await server.call('GET', `/v1/sync/push/requests/${requestId}`);
    return body.status === 'processing' ? undefined : body;
  });
}

function rowsOf(source: string, columns = '_id, name'): Promise<object[]> {
  return server.store.query(`SELECT ${columns} FROM data."${source}" ORDER BY _id`);
}

describe('POST /push/batch', () => {
  test('200 with what the contract shows; its records are in the dataset that is named by source', async () => {
    const answer = await pushBatch({
      source: 'erp_system',
      records: [
        {
          id: 'rec_001',
          data: { name: 'Product A', price: 99.99 },
          metadata: { updated_at: '2024-01-01T00:00:00Z' },
        },
      ],
      options: { upsert: true, validate: true, transform: true },
    });
    expect([answer.status, answer.body]).toEqual([
      200,
      {
        request_id: expect.stringMatching(/^req_\d+$/),
        accepted: 1,
        rejected: 0,
        errors: [],
        processing_time_ms: expect.any(Number),
      },
    ]);
    const { request_id } = answer.body;
    expect(await ended(request_id)).toEqual({
      request_id,
      kind: 'batch',
      source: 'erp_system',
      status: 'completed',
      accepted: 1,
      rejected: 0,
      errors: [],
      error: null,
      accepted_offset: null,
      run_id: expect.stringMatching(/^run_\d+$/),
      created_at: expect.stringMatching(ISO),
      finished_at: expect.stringMatching(ISO),
    });
    const [row] = await server.store.query('SELECT * FROM data.erp_system');
    expect(row).toMatchObject({
      _id: 'rec_001',
      name: 'Product A',
      price: 99.99,
      _metadata: { updated_at: '2024-01-01T00:00:00Z' },
      _updated_at: new Date('2024-01-01T00:00:00Z'),
    });
  });
});
