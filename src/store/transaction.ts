import pg from 'pg';

const BEGIN = { name: '', text: 'BEGIN', types: [] };

/**
 * Sends BEGIN and a first statement together: BEGIN alone would be a round trip to wait for. One Sync ends both, so that
 * PostgreSQL passes over the statement where BEGIN fails.
 * @param sql one statement
 */
function queryFirst(client: pg.ClientBase, sql: string, params: readonly unknown[]): Promise<pg.QueryResult> {
  return new Promise<pg.QueryResult>((resolve, reject) => {
    // Without values, statements go in a message of another kind, which cannot follow these.
    const config: pg.QueryConfig<unknown[]> & { queryMode: 'extended' } = { text: sql, queryMode: 'extended' };
    const statement = new pg.Query(config, [...params], (error, results) => {
      if (error) reject(error);
      // Of BEGIN, and of the statement.
      else resolve((results as unknown as [unknown, pg.QueryResult])[1]);
    });
    const submit = statement.submit.bind(statement);
    statement.submit = (connection) => {
      connection.stream.cork();
      try {
        connection.parse(BEGIN, true);
        connection.bind({}, true);
        connection.execute({}, true);
        return submit(connection);
      } finally {
        connection.stream.uncork();
      }
    };
    client.query(statement);
  }).catch((error: Error) => {
    // The driver's own ends at its socket; this one leads to who asked.
    Error.captureStackTrace(error);
    throw error;
  });
}

/** A transaction on a connection that is its own until it has ended. It begins with its first statement. */
export class Transaction {
  readonly inTransaction = true;
  readonly #client: pg.ClientBase;
  #first: Promise<pg.QueryResult> | undefined;
  #isOver = false;
  /** Why a statement failed, also if whoever asked for it has kept that to himself. */
  #failure: unknown;

  constructor(client: pg.ClientBase) {
    this.#client = client;
  }

  async query<Row extends object>(sql: string, params: readonly unknown[] = []): Promise<Row[]> {
    try {
      return (await this.#ask(sql, params)).rows;
    } catch (error) {
      this.#failure ??= error;
      throw error;
    }
  }

  async #ask(sql: string, params: readonly unknown[]): Promise<pg.QueryResult> {
    this.#assertGoesOn();
    if (!this.#first) {
      this.#first = queryFirst(this.#client, sql, params);
      return this.#first;
    }
    // Without it there is no transaction that another one could be part of.
    await this.#first;
    this.#assertGoesOn();
    return this.#client.query(sql, [...params]);
  }

  /** Behind the end of the transaction a statement would take effect by itself. */
  #assertGoesOn(): void {
    if (this.#isOver) throw new Error('the transaction is over: one of its statements was not waited for');
  }

  /** @throws what a statement failed with; then nothing is committed */
  async commit(): Promise<void> {
    this.#isOver = true;
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#first) await this.#client.query('COMMIT');
  }

  async rollback(): Promise<void> {
    this.#isOver = true;
    if (this.#first) await this.#client.query('ROLLBACK');
  }
}
