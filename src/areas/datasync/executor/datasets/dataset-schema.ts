import { type Static, Type } from 'typebox';
import { COLUMN_TYPES } from '../pipeline/contracts.ts';
import { Closed, Identifier } from '../spec/fields.ts';

/** What a dataset's column is to hold. A value that breaks a rule is kept, and counted against the validity. */
export const ColumnRule = Closed('DatasetColumn', {
  name: Identifier,
  type: Type.Enum([...COLUMN_TYPES]),
  required: Type.Optional(Type.Boolean({ default: false, description: 'Whether null breaks the rule.' })),
  min: Type.Optional(Type.Number({ description: 'Of numbers.' })),
  max: Type.Optional(Type.Number({ description: 'Of numbers.' })),
  max_length: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000_000, description: 'Characters of a text.' })),
  values: Type.Optional(
    Type.Array(Type.String({ maxLength: 1000 }), { minItems: 1, maxItems: 1000, description: 'No other, as text.' }),
  ),
});
export type ColumnRule = Static<typeof ColumnRule>;

export const DatasetSchema = Closed('DatasetSchema', {
  columns: Type.Array(ColumnRule, { minItems: 1, maxItems: 1000 }),
  key_columns: Type.Optional(
    Type.Array(Identifier, {
      minItems: 1,
      maxItems: 16,
      uniqueItems: true,
      description: 'What tells records apart; the whole record unless told.',
    }),
  ),
});
export type DatasetSchema = Static<typeof DatasetSchema>;

/** Columns that begin so are kept by Longshore: ids of pushed records, provenance. They are no part of the content. */
export function isContent(column: string): boolean {
  return !column.startsWith('_');
}
