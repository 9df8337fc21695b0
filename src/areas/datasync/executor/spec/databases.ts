import { type Static, Type } from 'typebox';
import { Closed, Identifier, Secret } from './fields.ts';

const DATABASE_ENGINES = ['postgresql', 'mysql', 'mariadb', 'sqlserver', 'oracle'] as const;

/** How to sign in to a database. */
export const DatabaseLogin = Closed('DatabaseLogin', {
  engine: Type.Enum([...DATABASE_ENGINES]),
  host: Type.String({ minLength: 1, maxLength: 255 }),
  port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535, description: "The engine's own unless told." })),
  database: Type.String({ minLength: 1, maxLength: 128 }),
  username: Type.String({ minLength: 1, maxLength: 128 }),
  password: Type.Optional(Secret('Of the user.')),
  ssl: Type.Optional(Type.Enum(['off', 'require', 'verify'], { default: 'off' })),
});

export const DatabaseConfig = Closed('DatabaseConfig', {
  ...DatabaseLogin.properties,
  schema: Type.Optional(Identifier),
  table: Type.Optional(Identifier),
  query: Type.Optional(
    Type.String({ minLength: 1, maxLength: 100_000, description: 'One SELECT, instead of a table.' }),
  ),
  columns: Type.Optional(Type.Array(Identifier, { minItems: 1, maxItems: 1000 })),
  key_columns: Type.Optional(
    Type.Array(Identifier, {
      minItems: 1,
      maxItems: 16,
      description: "Reading resumes behind a key; the table's primary key unless told.",
    }),
  ),
  cursor_column: Type.Optional(Identifier),
  lookback: Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: 31_536_000,
      description:
        'How far before the last cursor an incremental run begins, for rows that were committed late: seconds of a time, units of a number. Such rows come again, so the destination has to upsert.',
    }),
  ),
  fetch_size: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000, default: 5000 })),
});
export type DatabaseConfig = Static<typeof DatabaseConfig>;
