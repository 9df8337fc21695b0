import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { chown, mkdtemp } from 'node:fs/promises';
import { type AddressInfo, createServer, type LookupFunction } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { afterFile } from '../../../test/support/cleanup.ts';
import { noMariadb, TemporaryMariadb } from '../../../test/support/temporary-mariadb.ts';
import { freePort, TemporaryPostgres } from '../../../test/support/temporary-postgres.ts';
import { serverAccount } from '../../store/embedded/account.ts';
import type { ConnectOptions, DatabaseLogin } from './login.ts';
import { connectMysql } from './mysql.ts';
import { connectPostgres } from './postgresql.ts';

const noOpenssl = spawnSync('openssl', ['version']).status === 0 ? undefined : 'openssl is not installed';
const options: ConnectOptions = { applicationName: 'longshore test', allowPrivate: true };

/** Files of a certificate that nobody has signed, for a server that runs under an account of its own. */
async function certificate(): Promise<{ cert: string; key: string }> {
  const directory = await mkdtemp(path.join(tmpdir(), 'longshore-tls-'));
  afterFile(() => rmSync(directory, { recursive: true, force: true }));
  const files = { cert: path.join(directory, 'cert'), key: path.join(directory, 'key') };
  const subject = ['-subj', '/CN=localhost', '-days', '2'];
  const made = spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', files.key, '-out', files.cert],
    ...subject,
  ]);
  if (made.status !== 0) throw new Error(`openssl failed: ${made.stderr.toString()}`);
  const account = await serverAccount(directory);
  for (const file of [directory, files.cert, files.key]) if (account) await chown(file, account.uid, account.gid);
  return files;
}

interface Server {
  readonly login: DatabaseLogin;
  connect(change: Partial<DatabaseLogin>, options?: Partial<ConnectOptions>): Promise<{ encrypted: boolean }>;
  /** Starts it anew, with encryption. */
  encrypt(): Promise<void>;
}

async function startPostgres(): Promise<Server> {
  const cluster = await TemporaryPostgres.create();
  afterFile(() => cluster.remove());
  await cluster.start();
  const host = '127.0.0.1';
  const login = { engine: 'postgresql', host, port: cluster.port, database: 'postgres', username: 'postgres' } as const;
  return {
    login,
    connect: async (change, more) => {
      const client = await connectPostgres({ ...login, ...change }, { ...options, ...more });
      const { rows } = await client.query(
        'SELECT ssl AS encrypted FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE pid = pg_backend_pid() AND application_name = $1',
        [options.applicationName],
      );
      await client.end();
      return { encrypted: rows[0]?.encrypted };
    },
    encrypt: async () => {
      const { cert, key } = await certificate();
      await cluster.restart({ ssl: 'on', ssl_cert_file: cert, ssl_key_file: key });
    },
  };
}

async function startMariadb(): Promise<Server> {
  const server = await TemporaryMariadb.create();
  afterFile(() => server.remove());
  const login = { ...server.login, database: await server.createDatabase() };
  return {
    login,
    connect: async (change, more) => {
      const connection = await connectMysql({ ...login, ...change }, { ...options, ...more });
      const [rows] = await connection.query<never[]>({ sql: "SHOW STATUS LIKE 'Ssl_cipher'", rowsAsArray: true });
      await connection.end();
      return { encrypted: rows[0]?.[1] !== '' };
    },
    encrypt: async () => {
      const { cert, key } = await certificate();
      await server.kill();
      await server.start([`--ssl-cert=${cert}`, `--ssl-key=${key}`]);
    },
  };
}

const CASES = [
  { name: 'connectPostgres', missing: undefined, start: startPostgres },
  { name: 'connectMysql', missing: noMariadb, start: startMariadb },
];

describe.each(CASES)('$name', ({ missing, start }) => {
  let server: Server;
  beforeAll(async () => {
    if (!missing) server = await start();
  });
  beforeEach((context) => {
    if (missing) context.skip(missing);
  });
  const refused = (message: string, retryable = false) => ({
    name: 'ExecutorError',
    retryable,
    message: expect.stringContaining(message),
  });

  it('signs in, by a name too', async () => {
    expect(await server.connect({})).toEqual({ encrypted: false });
    const lookup: LookupFunction = (_host, _options, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]);
    await server.connect({ host: 'db.example' }, { lookup });
  });

  it('says who was not let in, and what is not there', async () => {
    await expect(server.connect({ username: 'nobody', password: 'x' })).rejects.toMatchObject(
      refused('refused user nobody'),
    );
    await expect(server.connect({ database: 'no_such' })).rejects.toMatchObject(refused('check database'));
    await expect(server.connect({ host: 'no.such.invalid' })).rejects.toMatchObject(
      refused('host no.such.invalid is not known', true),
    );
    const port = await freePort();
    await expect(server.connect({ port })).rejects.toMatchObject(refused(`127.0.0.1:${port} cannot be reached`, true));
  });

  it('keeps to what may be dialled', async () => {
    const metadata: LookupFunction = (_host, _options, callback) =>
      callback(null, [{ address: '169.254.169.254', family: 4 }]);
    await expect(server.connect({}, { allowPrivate: false })).rejects.toMatchObject(refused('127.0.0.1: loopback'));
    await expect(server.connect({ host: '169.254.169.254' })).rejects.toMatchObject(refused('not allowed to connect'));
    await expect(server.connect({ host: 'innocent.example' }, { lookup: metadata })).rejects.toMatchObject(
      refused('innocent.example, which is 169.254.169.254'),
    );
  });

  it('is ended by its signal while a server says nothing', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const abort = new AbortController();
    silent.on('connection', (socket) => {
      afterFile(() => socket.destroy());
      abort.abort(new Error('cancelled'));
    });
    const { port } = silent.address() as AddressInfo;
    await expect(server.connect({ port }, { signal: abort.signal })).rejects.toThrow('cancelled');
    silent.close();
  });

  it('fails when a server hangs up, or speaks another language', async () => {
    const rude = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(0, '127.0.0.1');
    await once(rude, 'listening');
    const { port } = rude.address() as AddressInfo;
    await expect(server.connect({ port })).rejects.toMatchObject({ name: 'ExecutorError' });
    rude.close();
  });

  it('encrypts when it is told to, and then takes certificates at their word or not', async (context) => {
    if (noOpenssl) context.skip(noOpenssl);
    await expect(server.connect({ ssl: 'require' })).rejects.toMatchObject(refused('set ssl to off'));
    await server.encrypt();
    expect(await server.connect({ ssl: 'require' })).toEqual({ encrypted: true });
    await expect(server.connect({ ssl: 'verify' })).rejects.toMatchObject(refused('or set ssl to require'));
    expect(await server.connect({ ssl: 'off' })).toEqual({ encrypted: false });
  });
});
