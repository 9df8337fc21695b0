import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { systemIdentity } from '../../src/auth/identity.ts';
import { createUser } from '../../src/auth/users.ts';
import { type RunningServer, startServer } from '../../src/bin/server.ts';
import { type Config, loadConfig } from '../../src/kernel/config.ts';
import { randomText } from '../../src/kernel/ids.ts';
import { createLogger } from '../../src/kernel/logger.ts';
import { afterFile } from './cleanup.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';

export const ADMIN_PASSWORD = 'correct horse battery';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed when it is JSON, of whatever shape; else its text. */
  readonly body: ReturnType<typeof JSON.parse>;
}

interface CallOptions {
  /** Sent as JSON; a string as it is. */
  readonly body?: unknown;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Hangs up when it aborts. */
  readonly signal?: AbortSignal;
}

/** A real server on a database of its own, and what speaks to it over a real socket. */
export interface TestServer extends RunningServer {
  readonly database: TestDatabase;
  readonly config: Config;
  /** An access token of the first admin. */
  readonly adminToken: string;
  /** What it has logged, a JSON object each, from level info on. */
  readonly logLines: readonly string[];
  /** `path` begins with `/`; without `token` the admin's is sent, with an empty one none. */
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  /** Makes a user of `role` and signs them in. @returns their access token */
  userToken(role: string): Promise<string>;
  /** Makes an API key of the admin's. @returns its secret */
  apiKey(...permissions: string[]): Promise<string>;
}

async function send(
  url: string,
  method: string,
  { body, token = '', headers = {}, signal }: CallOptions,
): Promise<Answer> {
  const response = await fetch(url, {
    method,
    redirect: 'manual',
    signal: signal ?? null,
    headers: {
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...(token === '' ? {} : { Authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = (response.headers.get('content-type') ?? '').includes('application/json');
  return { status: response.status, headers: response.headers, body: isJson && text !== '' ? JSON.parse(text) : text };
}

async function createUserToken(
  { store }: RunningServer,
  login: (username: string, password: string) => Promise<string>,
  role: string,
): Promise<string> {
  const user = { username: `${role}-${randomText(6)}`, password: 'another long password', role };
  await store.transaction((tx) => createUser(tx, { identity: systemIdentity('test') }, user));
  return login(user.username, user.password);
}

/**
 * Started anew for each test file that asks, stopped after its last test.
 * @param consoleFolder a built console to serve; none unless told
 */
export async function startTestServer(
  overrides: Partial<Config> = {},
  consoleFolder = path.join(tmpdir(), 'no-console'),
): Promise<TestServer> {
  const database = await createTestDatabase();
  const dataDir = await mkdtemp(path.join(tmpdir(), 'longshore-server-'));
  const config: Config = {
    ...loadConfig({}, {}),
    host: '127.0.0.1',
    port: 0,
    dataDir,
    databaseUrl: database.url,
    directDatabaseUrl: database.directUrl,
    adminPassword: ADMIN_PASSWORD,
    // Tests call as fast as they can.
    rateLimitPerMinute: 1_000_000,
    ...overrides,
  };
  const logLines: string[] = [];
  const logger = createLogger('info', 'test', { write: (line: string) => void logLines.push(line) });
  const server = await startServer({ config, logger, consoleFolder });
  afterFile(async () => {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  });
  const login = async (username: string, password: string): Promise<string> => {
    const answer = await send(`${server.url}/auth/login`, 'POST', { body: { username, password } });
    if (answer.status !== 200) throw new Error(`login answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body.data.access_token;
  };
  const adminToken = await login('admin', ADMIN_PASSWORD);
  const call = (method: string, route: string, options: CallOptions = {}) =>
    send(`${server.url}${route}`, method, { token: adminToken, ...options });
  return {
    ...server,
    database,
    config,
    adminToken,
    logLines,
    call,
    userToken: (role) => createUserToken(server, login, role),
    async apiKey(...permissions) {
      const answer = await call('POST', '/v1/sync/api-keys', { body: { name: 'test', permissions } });
      return answer.body.key;
    },
  };
}
