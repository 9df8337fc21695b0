import { Authenticator } from '../../src/auth/authenticator.ts';
import { TokenCodec } from '../../src/auth/token-codec.ts';
import type { App, Area } from '../../src/http/area.ts';
import { Health } from '../../src/http/health.ts';
import { Idempotency } from '../../src/http/idempotency.ts';
import { Metrics } from '../../src/http/metrics.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { LocalWindows, type Windows } from '../../src/http/windows.ts';
import { createLogger } from '../../src/kernel/logger.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';

const MASTER_KEY = Buffer.alloc(32, 7);

export interface HttpAssembly {
  readonly app: App;
  readonly database: TestDatabase;
  readonly health: Health;
  readonly idempotency: Idempotency;
  readonly codec: TokenCodec;
  /** What was logged, a JSON object each. */
  readonly lines: Record<string, unknown>[];
}

interface Options {
  readonly rateLimitPerMinute?: number;
  readonly windows?: Windows;
  readonly trustedProxies?: readonly string[];
  readonly consoleFolder?: string;
  areas?(parts: { idempotency: Idempotency }): readonly Area[];
}

/** The HTTP assembly alone, around areas of the test's own, on a real database. */
export async function createHttpAssembly(options: Options = {}): Promise<HttpAssembly> {
  const database = await createTestDatabase();
  const { store } = database;
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger('debug', 'test', { write: (text: string) => void lines.push(JSON.parse(text)) });
  const health = new Health({ store, embeddedDatabase: false });
  const codec = new TokenCodec(MASTER_KEY);
  const idempotency = new Idempotency(store, MASTER_KEY);
  const app = await createHttpServer({
    logger,
    authenticator: new Authenticator({ store, codec, logger }),
    areas: options.areas?.({ idempotency }) ?? [],
    health,
    metrics: new Metrics(store),
    rateLimitPerMinute: options.rateLimitPerMinute ?? 1_000_000,
    windows: options.windows ?? new LocalWindows(),
    trustedProxies: options.trustedProxies ?? [],
    consoleFolder: options.consoleFolder ?? '/nowhere',
  });
  return { app, database, health, idempotency, codec, lines };
}

/** An area with the routes that `register` makes. */
export function testArea(register: (app: App) => void, dialect: Area['dialect']): Area {
  return {
    name: 'things',
    title: 'Things',
    description: 'For tests.',
    prefixes: ['/api/things'],
    dialect,
    services: [],
    register,
  };
}
