/** A server of the chaos: the product's own wiring. */
import { startServer } from '../../../src/bin/server.ts';
import { loadConfig } from '../../../src/kernel/config.ts';
import { createLogger } from '../../../src/kernel/logger.ts';
import { childArgument, serveUntilTold } from '../../support/child.ts';

export interface ServerArgument {
  readonly databaseUrl: string;
  readonly port: number;
  readonly dataDir: string;
  readonly adminPassword: string;
  readonly warehouseUrl?: string;
}

const settings = childArgument<ServerArgument>();
const config = {
  ...loadConfig({}, {}),
  ...settings,
  masterKey: Buffer.alloc(32, 1),
  rateLimitPerMinute: 1_000_000,
};
const logger = createLogger('warn', `server :${settings.port}`);
const server = await startServer({ config, logger });
await serveUntilTold(() => server.stop());
