/** Settings of the server by their PostgreSQL names. */
export type ServerSettings = Readonly<Record<string, string>>;

/**
 * Sized for a small machine that does other work too, and for tables that are queues. An operator changes one with
 * `ALTER SYSTEM`, which stands in postgresql.auto.conf and goes over this file.
 */
export const DEFAULT_SETTINGS: ServerSettings = {
  max_connections: '100',
  shared_buffers: '64MB',
  work_mem: '4MB',
  maintenance_work_mem: '64MB',
  // Short statements: compiling them costs more than it gains.
  jit: 'off',
  max_parallel_workers_per_gather: '1',
  // Nothing replicates from here, so the log of changes need not serve that; and no process waits for it.
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_logical_replication_workers: '0',
  wal_compression: 'on',
  max_wal_size: '512MB',
  // Asynchronous reads help scans of tables larger than memory, and cost three processes.
  io_method: 'sync',
  // A queue's table turns over many times its size: clean it early, or every lease reads the dead.
  autovacuum_naptime: '10s',
  autovacuum_max_workers: '2',
  autovacuum_vacuum_scale_factor: '0.05',
  autovacuum_vacuum_threshold: '200',
  autovacuum_analyze_scale_factor: '0.05',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
  log_line_prefix: '%m [%p] %q%a ',
  // The statement's text may hold what nobody should read in a log.
  log_min_error_statement: 'panic',
};

/** @returns the text of postgresql.conf */
export function renderSettings(settings: ServerSettings): string {
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'`);
  return `# Written by Longshore at every start. Change a setting with ALTER SYSTEM instead.\n${lines.join('\n')}\n`;
}
