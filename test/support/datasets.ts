import { datasyncExecutors } from '../../src/areas/datasync/executor/data-sync.ts';
import { openTranslator } from '../../src/areas/datasync/executor/datasets/translator.ts';
import { findMasterKey } from '../../src/auth/master-key.ts';
import { startWorker } from '../../src/bin/worker.ts';
import { createOutbound } from '../../src/connections/outbound.ts';
import type { Store } from '../../src/store/store.ts';
import { type Answer, startTestServer, type TestServer } from './api-server.ts';
import { afterFile } from './cleanup.ts';
import { silent } from './database.ts';
import { eventually, temporaryFolder } from './serving.ts';
import { startTranslator } from './translator.ts';

export const quote = (name: string) => `"${name.replaceAll('"', '""')}"`;

/** A server with a worker and a translator, and tables in its warehouse. */
export interface DatasetServer {
  readonly server: TestServer;
  /** Of its database. */
  readonly store: Store;
  /** Paths behind `/v1/sync/datasets`. */
  get(path: string): Promise<Answer>;
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** A table of the warehouse, as somebody else has made it. @param values what follows INSERT INTO its name */
  makeTable(name: string, columns: string, values?: string): Promise<void>;
  rowsOf(table: string, order?: string): Promise<Record<string, unknown>[]>;
  /** @returns the dataset; what it holds may not be counted yet */
  register(name: string, more?: object): Promise<Answer['body']>;
  /** The dataset, once it is counted. */
  counted(id: string): Promise<Answer['body']>;
  /** All three. */
  registered(name: string, columns: string, values: string, more?: object): Promise<Answer['body']>;
}

/** Started anew for each test file that asks, stopped after its last test. */
export async function startDatasetServer(): Promise<DatasetServer> {
  const { url: translatorUrl } = await startTranslator();
  const server = await startTestServer({ translatorUrl });
  const guard = { allowPrivate: true };
  const outbound = createOutbound(guard);
  const exportDir = await temporaryFolder('exports');
  const translator = await openTranslator({ url: translatorUrl, apiKey: undefined }, outbound);
  const { stop } = await startWorker({
    databaseUrl: server.database.url,
    directDatabaseUrl: server.database.directUrl,
    masterKey: await findMasterKey(server.config),
    logCapBytes: 1_000_000,
    executors: datasyncExecutors({ outbound, guard, exportDir, translator }),
    logger: silent,
  });
  afterFile(async () => {
    await stop(0);
    await outbound.close();
  });
  return datasetServer(server);
}

function datasetServer(server: TestServer): DatasetServer {
  const { store } = server.database;
  const get: DatasetServer['get'] = (path) => server.call('GET', `/v1/sync/datasets${path}`);
  const post: DatasetServer['post'] = (path, body, headers = {}) =>
    server.call('POST', `/v1/sync/datasets${path}`, { body, headers });
  const makeTable: DatasetServer['makeTable'] = async (name, columns, values) => {
    await store.query(`CREATE TABLE data.${quote(name)} (${columns})`);
    if (values !== undefined) await store.query(`INSERT INTO data.${quote(name)} ${values}`);
    const [owner] = await store.query<{ name: string }>(
      "SELECT pg_get_userbyid(nspowner) AS name FROM pg_namespace WHERE nspname = 'data'",
    );
    await store.query(`ALTER TABLE data.${quote(name)} OWNER TO ${quote(owner?.name ?? '')}`);
  };
  const register: DatasetServer['register'] = async (name, more = {}) => {
    const answer = await post('', { name, ...more });
    if (answer.status !== 201) throw new Error(`${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const counted: DatasetServer['counted'] = (id) =>
    eventually(async () => {
      const { body } = await get(`/${id}`);
      return body.profiled_at === null ? undefined : body;
    });
  return {
    ...{ server, store, get, post, makeTable, register, counted },
    rowsOf: (table, order = '1') => store.query(`SELECT * FROM data.${quote(table)} ORDER BY ${order}`),
    async registered(name, columns, values, more = {}) {
      await makeTable(name, columns, values);
      const { id } = await register(name, more);
      return counted(id);
    },
  };
}
