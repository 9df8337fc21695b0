import pg from 'pg';

const BEGIN = { name: '', text: 'BEGIN', types: [] };

/**
 * Begins a transaction together with its first statement, in one message: BEGIN alone would be a round trip to wait for.
 * PostgreSQL passes over the statement where BEGIN fails, so it cannot take effect outside of the transaction.
 * @param sql one statement
 */
export function queryOpening<Row extends pg.QueryResultRow>(
  client: pg.ClientBase,
  sql: string,
  params: readonly unknown[],
): Promise<pg.QueryResult<Row>> {
  return new Promise((resolve, reject) => {
    // Without values, statements go in a message of another kind, which cannot follow these.
    const config: pg.QueryConfig<unknown[]> & { queryMode: 'extended' } = { text: sql, queryMode: 'extended' };
    const statement = new pg.Query<Row, unknown[]>(config, [...params], (error, results) => {
      // Its driver's own stack ends at the socket.
      if (error) Error.captureStackTrace(error);
      if (error) reject(error);
      // Of BEGIN, and of the statement.
      else resolve((results as unknown as [unknown, pg.QueryResult<Row>])[1]);
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
  });
}
