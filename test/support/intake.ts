import { once } from 'node:events';
import { connect } from 'node:net';
import { expect } from 'vitest';
import { datasyncExecutors } from '../../src/areas/datasync/executor/data-sync.ts';
import { findMasterKey } from '../../src/auth/master-key.ts';
import { startWorker } from '../../src/bin/worker.ts';
import { createOutbound } from '../../src/connections/outbound.ts';
import { type Answer, startTestServer, type TestServer } from './api-server.ts';
import { afterFile } from './cleanup.ts';
import { silent } from './database.ts';
import { eventually, temporaryFolder } from './serving.ts';

/** As answers say times. */
export const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

/** The data-sync area's body of an error. */
export function failure(code: string, field?: string) {
  const details = field === undefined ? [] : [{ field, message: expect.any(String) }];
  return { error: { code, message: expect.any(String), details, request_id: expect.any(String) } };
}

/** A record as it is pushed. */
export function record(id: string, data: object = { name: id }, metadata?: object) {
  return { id, data, ...(metadata ? { metadata } : {}) };
}

/** A server that takes what comes in, a worker that loads it, and what tests of both need. */
export interface Intake {
  readonly server: TestServer;
  /** Where its worker exports files. */
  readonly exportDir: string;
  /** The name of a dataset that nothing has been pushed to. */
  newSource(): string;
  pushBatch(body: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** Waits until a request's load has ended. @returns how it did */
  ended(requestId: string): Promise<Answer['body']>;
  /** Of a dataset's table, by id. */
  rowsOf(source: string, columns?: string): Promise<object[]>;
  /** @param sql a table, and conditions */
  countOf(sql: string, params?: unknown[]): Promise<number>;
  /** Sends the beginning of a body that is to be longer, waits until `seen`, and cuts the connection. */
  sendAndCut(path: string, headers: Record<string, string>, bytes: string, seen: () => Promise<unknown>): Promise<void>;
}

/** @returns where the worker exports files */
async function startLoader(server: TestServer): Promise<string> {
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
  return exportDir;
}

/** Started anew for each test file that asks, stopped after its last test. Files may have a mebibyte. */
export async function startIntake(): Promise<Intake> {
  const server = await startTestServer({ maxUploadMb: 1 });
  const exportDir = await startLoader(server);
  let sources = 0;
  return {
    server,
    exportDir,
    newSource() {
      sources += 1;
      return `source ${sources}`;
    },
    pushBatch: (body, headers = {}) => server.call('POST', '/v1/sync/push/batch', { body, headers }),
    ended: (requestId) =>
      eventually(async () => {
        const { body } = await server.call('GET', `/v1/sync/push/requests/${requestId}`);
        return body.status === 'processing' ? undefined : body;
      }),
    rowsOf: (source, columns = '_id, name') =>
      server.store.query(`SELECT ${columns} FROM data."${source}" ORDER BY _id`),
    async countOf(sql, params = []) {
      const [row] = await server.store.query<{ n: number }>(`SELECT count(*) AS n FROM ${sql}`, params);
      return row?.n ?? 0;
    },
    async sendAndCut(path, headers, bytes, seen) {
      const { hostname, port } = new URL(server.url);
      const socket = connect(Number(port), hostname);
      await once(socket, 'connect');
      const fields = { Host: hostname, Authorization: `Bearer ${server.adminToken}`, ...headers };
      const head = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.write(`POST ${path} HTTP/1.1\r\n${head.join('')}Content-Length: 1000000000\r\n\r\n`);
      const sent = new Promise<unknown>((resolve) => socket.write(bytes, resolve));
      await eventually(async () => ((await seen()) ? true : undefined));
      // What the system has not taken yet goes with the socket.
      await sent;
      socket.destroy();
      await once(socket, 'close');
    },
  };
}
