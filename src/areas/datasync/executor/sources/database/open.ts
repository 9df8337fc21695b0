import type { ConnectOptions, DatabaseLogin, UrlLogin } from '../../../../../connections/drivers/login.ts';
import type { DatabaseReader, Note } from './reader.ts';

/**
 * Signs in to a database to read. Drivers are loaded when they are needed: two of them need not be installed.
 * @param note is told, once, of what cannot be read as it is
 * @throws ExecutorError in words for the user
 */
export async function openReader(
  login: DatabaseLogin | UrlLogin,
  options: ConnectOptions,
  note: Note,
): Promise<DatabaseReader> {
  switch (login.engine) {
    case 'postgresql': {
      const { openPostgresReader } = await import('./postgresql.ts');
      return await openPostgresReader(login, options, note);
    }
    case 'mysql':
    case 'mariadb': {
      const { openMysqlReader } = await import('./mysql.ts');
      return await openMysqlReader(login, options, note);
    }
    case 'sqlserver': {
      const { openSqlServerReader } = await import('./sqlserver.ts');
      return await openSqlServerReader(login, options, note);
    }
    case 'oracle': {
      const { openOracleReader } = await import('./oracle.ts');
      return await openOracleReader(login, options);
    }
  }
}
