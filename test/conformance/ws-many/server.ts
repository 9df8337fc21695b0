/** The server of the test with many sockets: the product's own wiring, which says on demand what memory it takes. */
import { startServer } from '../../../src/bin/server.ts';
import { loadConfig } from '../../../src/kernel/config.ts';
import { createLogger } from '../../../src/kernel/logger.ts';
import { childArgument, serveUntilTold, tell } from '../../support/child.ts';

export interface ServerArgument {
  readonly databaseUrl: string;
  readonly dataDir: string;
  readonly adminPassword: string;
}

/** In MiB. */
export interface MemoryAnswer {
  readonly url: string;
  readonly rss: number;
  readonly peak: number;
}

const MIB = 1024 * 1024;
const argument = childArgument<ServerArgument>();
const config = { ...loadConfig({}, {}), ...argument, port: 0, rateLimitPerMinute: 1_000_000 };
const server = await startServer({ config, logger: createLogger('warn', 'server') });
process.on('message', () => {
  const answer: MemoryAnswer = {
    url: server.url,
    rss: process.memoryUsage.rss() / MIB,
    peak: process.resourceUsage().maxRSS / 1024,
  };
  tell(answer);
});
await serveUntilTold(() => server.stop());
