import type { OutboundOptions } from '../outbound.ts';

export type DatabaseEngine = 'postgresql' | 'mysql' | 'mariadb' | 'sqlserver' | 'oracle';

/** How to sign in to a database, as a user writes it. */
export interface DatabaseLogin {
  readonly engine: DatabaseEngine;
  readonly host: string;
  /** The engine's own unless told. */
  readonly port?: number;
  /** Of Oracle: the service. */
  readonly database: string;
  readonly username: string;
  readonly password?: string;
  /** off (default); require: encrypted, whoever answers; verify: and the certificate must be the host's. */
  readonly ssl?: 'off' | 'require' | 'verify';
}

/** The operator's own PostgreSQL. It comes from the configuration, so its address is not held against the guard. */
export interface UrlLogin {
  readonly engine: 'postgresql';
  readonly url: string;
}

/** Where the warehouse's tables lie, whichever database it is. */
export const WAREHOUSE_SCHEMA = 'data';

/** How a driver connects; `allowPrivate` and `lookup` are the guard's (outbound.ts). */
export interface ConnectOptions extends OutboundOptions {
  /** What the server shows its administrator as the client's name. */
  readonly applicationName: string;
  /** Ends the attempt to connect; not the connection. */
  readonly signal?: AbortSignal | undefined;
}

/** Milliseconds until a server must have let us in: TCP, TLS and signing in together. */
export const CONNECT_TIMEOUT_MS = 10_000;

const DEFAULT_PORTS: Readonly<Record<DatabaseEngine, number>> = {
  postgresql: 5432,
  mysql: 3306,
  mariadb: 3306,
  sqlserver: 1433,
  oracle: 1521,
};

export function portOf(login: DatabaseLogin): number {
  return login.port ?? DEFAULT_PORTS[login.engine];
}

/** @returns `host:port`, for messages */
export function serverOf(login: DatabaseLogin): string {
  const host = login.host.includes(':') ? `[${login.host}]` : login.host;
  return `${host}:${portOf(login)}`;
}
