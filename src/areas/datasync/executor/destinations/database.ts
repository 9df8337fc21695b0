import {
  type ConnectOptions,
  type DatabaseLogin,
  type UrlLogin,
  WAREHOUSE_SCHEMA,
} from '../../../../connections/drivers/login.ts';
import { ExecutorError } from '../../../../protocol/executor.ts';
import type { Destination } from '../pipeline/contracts.ts';
import { DatabaseDestination } from './database-destination.ts';
import type { DatabaseEngine } from './database-engine.ts';
import type { WriteSpec } from './database-target.ts';
import { MysqlEngine } from './mysql/engine.ts';
import { PostgresEngine } from './postgresql/engine.ts';

/** Where users of a PostgreSQL of their own look first. */
const USUAL_SCHEMA = 'public';

export interface DatabaseDestinationOptions extends WriteSpec {
  readonly login: DatabaseLogin | UrlLogin;
  readonly connect: Omit<ConnectOptions, 'signal'>;
  /** Unless told: `data` in the warehouse, `public` in another PostgreSQL, the login's database in MySQL. */
  readonly schema?: string | undefined;
  /** Names the job, and the generation of its state: `job_7:2`. */
  readonly jobKey: string;
  readonly epoch: number;
}

/**
 * A table of PostgreSQL, MySQL or MariaDB as a destination. Nothing is dialled before its `open`.
 * @throws ExecutorError for engines to which rows cannot be written
 */
export function openDatabaseDestination(options: DatabaseDestinationOptions): Destination {
  return new DatabaseDestination(engineOf(options), options);
}

function engineOf(options: DatabaseDestinationOptions): DatabaseEngine {
  const { login, schema, table, jobKey, runId, epoch, signal } = options;
  const fence = { jobKey, runId, epoch };
  const connect = { ...options.connect, signal };
  switch (login.engine) {
    case 'postgresql':
      return new PostgresEngine(
        login,
        connect,
        schema ?? ('url' in login ? WAREHOUSE_SCHEMA : USUAL_SCHEMA),
        fence,
        table,
      );
    case 'mysql':
    case 'mariadb':
      return new MysqlEngine(login, connect, schema ?? login.database, fence, {
        table,
        keys: options.keyColumns.length,
      });
    default:
      throw new ExecutorError(
        `rows cannot be written to ${login.engine}: only to postgresql, mysql and mariadb (connection.engine)`,
        { retryable: false },
      );
  }
}
