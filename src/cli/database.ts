import type { Config } from '../kernel/config.ts';
import { createLogger } from '../kernel/logger.ts';
import { EmbeddedPostgres } from '../store/embedded/embedded-postgres.ts';
import { Store } from '../store/store.ts';

/**
 * Runs `work` with the address of the database: the configured one (past a pooler, where that is configured too), else the embedded one of the data directory, which
 * is joined where it runs, and otherwise started for as long as the work takes.
 */
export async function withDatabaseUrl<T>(config: Config, work: (url: string) => Promise<T>): Promise<T> {
  if (config.databaseUrl !== undefined) return work(config.directDatabaseUrl ?? config.databaseUrl);
  const postgres = new EmbeddedPostgres({ dataDir: config.dataDir, logger: createLogger('warn', 'cli') });
  await postgres.start();
  try {
    return await work(postgres.url);
  } finally {
    await postgres.stop();
  }
}

/** As `withDatabaseUrl`, with a small pool on it. */
export async function withStore<T>(config: Config, work: (store: Store, url: string) => Promise<T>): Promise<T> {
  return withDatabaseUrl(config, async (url) => {
    const logger = createLogger('warn', 'cli');
    // Copying a large table takes as long as it takes.
    const store = new Store({ url, poolSize: 2, answerMs: 0, logger, applicationName: 'longshore cli' });
    try {
      return await work(store, url);
    } finally {
      await store.close();
    }
  });
}
