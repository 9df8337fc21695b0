/**
 * A process that holds an embedded PostgreSQL, for tests that kill such a process or start several at once.
 * Usage: embedded-owner.ts <data directory>. Prints one JSON line, `{url, pid}` or `{error, message}`; lets go and ends
 * when its standard input does.
 */
import { createLogger } from '../../src/kernel/logger.ts';
import { EmbeddedPostgres } from '../../src/store/embedded/embedded-postgres.ts';

const dataDir = process.argv[2];
if (dataDir === undefined) throw new Error('name a data directory');
const server = new EmbeddedPostgres({ dataDir, logger: createLogger('silent', 'test') });
try {
  await server.start();
  console.log(JSON.stringify({ url: server.url, pid: server.pid }));
  for await (const _ of process.stdin);
  await server.stop();
} catch (error) {
  const { name, message } = error as Error;
  console.log(JSON.stringify({ error: name, message }));
}
