/**
 * Writes each area's OpenAPI document to `docs/openapi/<area>.json`: what clients are generated from.
 *
 * Needs no database: nothing is asked of it while routes are registered.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Authenticator } from '../src/auth/authenticator.ts';
import { TokenCodec } from '../src/auth/token-codec.ts';
import { createAreas } from '../src/bin/server.ts';
import { Vault } from '../src/connections/vault.ts';
import { PostgresPort } from '../src/engine/postgres-port.ts';
import { Wake } from '../src/engine/wake.ts';
import { Bus } from '../src/events/bus.ts';
import { Health } from '../src/http/health.ts';
import { Idempotency } from '../src/http/idempotency.ts';
import { Metrics } from '../src/http/metrics.ts';
import { documentOf } from '../src/http/openapi.ts';
import { createLogger } from '../src/kernel/logger.ts';
import { packageRoot } from '../src/kernel/package.ts';
import { Listener } from '../src/store/listener.ts';
import { Store } from '../src/store/store.ts';

const url = 'postgresql://nobody@127.0.0.1:1/nothing';
const masterKey = Buffer.alloc(32);
const logger = createLogger('warn', 'openapi');
const store = new Store({ url, poolSize: 2, logger, applicationName: 'longshore openapi' });
const listener = new Listener({ url, logger });
const codec = new TokenCodec(masterKey);
const areas = createAreas({
  store,
  vault: new Vault({ key: masterKey, logger }),
  bus: new Bus({ db: store, listener, logger }),
  codec,
  authenticator: new Authenticator({ store, codec, logger }),
  idempotency: new Idempotency(store, masterKey),
  health: new Health({ store, embeddedDatabase: false }),
  metrics: new Metrics(store),
  port: new PostgresPort({ store, listener, logger }),
  logsWritten: new Wake(listener, 'longshore_logs'),
  logger,
  retentionDays: 30,
  maxUploadBytes: 100 * 1024 * 1024,
  warehouse: { store, login: { engine: 'postgresql', url } },
  translatorUrl: undefined,
});

const folder = path.join(packageRoot, 'docs/openapi');
await mkdir(folder, { recursive: true });
for (const area of areas) {
  const document = await documentOf(area, logger);
  await writeFile(path.join(folder, `${area.name}.json`), `${JSON.stringify(document, null, 2)}\n`);
}
await store.close();
