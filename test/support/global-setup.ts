import { randomBytes } from 'node:crypto';
import type { TestProject } from 'vitest/node';
import { migrate } from '../../src/store/migrate.ts';
import { administer, withDatabase } from './database.ts';

declare module 'vitest' {
  interface ProvidedContext {
    database: { adminUrl: string; template: string };
  }
}

/**
 * One PostgreSQL for the whole run: the server of LONGSHORE_TEST_DATABASE_URL (its role must be allowed to create
 * databases), else an embedded one in a temporary directory. Every test file clones the migrated template.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const adminUrl = process.env.LONGSHORE_TEST_DATABASE_URL;
  if (!adminUrl) throw new Error('LONGSHORE_TEST_DATABASE_URL is not set');
  const template = `longshore_template_${randomBytes(6).toString('hex')}`;
  await administer(adminUrl, `CREATE DATABASE ${template}`);
  await migrate(withDatabase(adminUrl, template), 'src/store/migrations');
  project.provide('database', { adminUrl, template });
  return async () => administer(adminUrl, `DROP DATABASE IF EXISTS ${template} WITH (FORCE)`);
}
