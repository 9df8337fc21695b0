import { type Static, Type } from 'typebox';
import { COLUMN_TYPES } from '../pipeline/contracts.ts';
import { Closed, Secret, tagged } from '../spec/fields.ts';

/** What may be done to records between source and destination, in order. `checkTransforms` sees what schemas cannot. */

const FieldName = Type.String({ minLength: 1, maxLength: 200, description: 'A field of the record.' });
const FieldPath = Type.String({
  minLength: 1,
  maxLength: 1000,
  description: 'A field, a path into one (`address.city`) or a JSON Pointer (`/address/city`).',
});
const Expression = Type.String({
  minLength: 1,
  maxLength: 10_000,
  description: "Such as `price * quantity > 100 and country = 'CN'`; docs/transformations.md has the language.",
});
const Pattern = Type.String({
  minLength: 1,
  maxLength: 1000,
  description: 'A regular expression without backreferences and lookaround; found anywhere unless ^ and $ hold it.',
});
const Scalar = Type.Union([Type.String({ maxLength: 10_000 }), Type.Number(), Type.Boolean(), Type.Null()]);
const TypeName = Type.Enum([...COLUMN_TYPES]);

const FieldMapping = Closed('FieldMappingConfig', {
  mappings: Type.Record(Type.String({ minLength: 1, maxLength: 1000 }), FieldName, {
    minProperties: 1,
    maxProperties: 1000,
    description: 'Source field, path or JSON Pointer → name at the destination.',
  }),
  drop_unmapped: Type.Optional(
    Type.Boolean({ default: false, description: 'Whether fields that are not mapped are left out.' }),
  ),
});

const Conversion = Closed('FieldConversion', {
  type: TypeName,
  format: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 100,
      description:
        'Of dates and timestamps: `%d/%m/%Y %H:%M` and the like, `unix` or `unix_ms`. Of binary: `base64`, `hex` or `utf8`.',
    }),
  ),
  timezone: Type.Optional(
    Type.String({ minLength: 1, maxLength: 100, description: 'IANA name, for times that say none; UTC unless told.' }),
  ),
  on_error: Type.Optional(
    Type.Enum(['null', 'reject', 'keep'], {
      default: 'null',
      description: 'A value that cannot be converted becomes null, sends the record to quarantine, or stays as it is.',
    }),
  ),
});
const TypeConversion = Closed('TypeConversionConfig', {
  fields: Type.Record(Type.String({ minLength: 1, maxLength: 200 }), Type.Union([TypeName, Conversion]), {
    minProperties: 1,
    maxProperties: 1000,
    description: 'Field → type, or type with options.',
  }),
});

const target = {
  field: Type.Optional(FieldName),
  fields: Type.Optional(Type.Array(FieldName, { minItems: 1, maxItems: 1000, description: 'Instead of one field.' })),
};
const Kept = Type.Optional(Type.Integer({ minimum: 0, maximum: 1000, default: 0 }));
const ValueTransform = tagged(
  [
    Closed('TrimValue', { op: Type.Literal('trim'), ...target }),
    Closed('UpperValue', { op: Type.Literal('upper'), ...target }),
    Closed('LowerValue', { op: Type.Literal('lower'), ...target }),
    Closed('ReplaceValue', {
      op: Type.Literal('replace'),
      ...target,
      search: Type.Optional(Type.String({ minLength: 1, maxLength: 10_000, description: 'Text, as it stands.' })),
      pattern: Type.Optional(Pattern),
      replacement: Type.String({ maxLength: 10_000 }),
    }),
    Closed('DefaultValue', {
      op: Type.Literal('default'),
      ...target,
      value: Scalar,
      empty: Type.Optional(Type.Boolean({ default: false, description: 'Also where there is a blank text.' })),
    }),
    Closed('TemplateValue', {
      op: Type.Literal('template'),
      ...target,
      template: Type.String({
        minLength: 1,
        maxLength: 10_000,
        description: '`{field}` stands for its value; `{{` and `}}` for a brace.',
      }),
    }),
    Closed('HashValue', { op: Type.Literal('hash'), ...target, salt: Type.Optional(Secret('Put before the value.')) }),
    Closed('MaskValue', {
      op: Type.Literal('mask'),
      ...target,
      keep_first: Kept,
      keep_last: Kept,
    }),
  ],
  undefined,
  'op',
);

const Filter = Closed('FilterConfig', { expression: Expression });

const Computed = Closed('ComputedConfig', {
  field: FieldName,
  expression: Expression,
  on_error: Type.Optional(
    Type.Enum(['reject', 'null'], {
      default: 'reject',
      description: 'A record for which it cannot be computed goes to quarantine, or gets null.',
    }),
  ),
});

const Flatten = Closed('FlattenConfig', {
  fields: Type.Optional(Type.Array(FieldName, { minItems: 1, maxItems: 1000, description: 'All unless told.' })),
  separator: Type.Optional(Type.String({ maxLength: 10, default: '_' })),
  max_depth: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 50, default: 10, description: 'Levels that are taken apart.' }),
  ),
  arrays: Type.Optional(
    Type.Enum(['json', 'indexed'], {
      default: 'json',
      description: 'Lists stay one value, or become name_0, name_1, …',
    }),
  ),
});

const Dedupe = Closed('DedupeConfig', {
  fields: Type.Array(FieldPath, { minItems: 1, maxItems: 16, description: 'What makes a record the same record.' }),
  keep: Type.Optional(
    Type.Enum(['first', 'last'], {
      default: 'first',
      description: 'The first of the whole run, or the last of each batch.',
    }),
  ),
});

const outcome = {
  on_fail: Type.Optional(
    Type.Enum(['skip', 'fail', 'default'], {
      default: 'skip',
      description: 'The record goes to quarantine, the run ends, or the field gets `default`.',
    }),
  ),
  default: Type.Optional(Scalar),
  message: Type.Optional(Type.String({ minLength: 1, maxLength: 500, description: 'The reason to give.' })),
};
const ruled = { field: FieldPath, ...outcome };
const Bound = Type.Union([Type.Number(), Type.String({ minLength: 1, maxLength: 100 })], {
  description: 'A number, or a time such as 2024-01-01.',
});
const Length = Type.Integer({ minimum: 0, maximum: 1_000_000_000, description: 'Characters, or entries of a list.' });
const Rule = tagged(
  [
    Closed('RequiredRule', { rule: Type.Literal('required'), ...ruled }),
    Closed('TypeRule', { rule: Type.Literal('type'), ...ruled, value: TypeName }),
    Closed('MinRule', { rule: Type.Literal('min'), ...ruled, value: Bound }),
    Closed('MaxRule', { rule: Type.Literal('max'), ...ruled, value: Bound }),
    Closed('MinLengthRule', { rule: Type.Literal('min_length'), ...ruled, value: Length }),
    Closed('MaxLengthRule', { rule: Type.Literal('max_length'), ...ruled, value: Length }),
    Closed('PatternRule', { rule: Type.Literal('pattern'), ...ruled, value: Pattern }),
    Closed('EnumRule', {
      rule: Type.Literal('enum'),
      ...ruled,
      value: Type.Array(Scalar, { minItems: 1, maxItems: 1000 }),
    }),
    Closed('EmailRule', { rule: Type.Literal('email'), ...ruled }),
    Closed('UrlRule', { rule: Type.Literal('url'), ...ruled }),
    Closed('ExpressionRule', {
      rule: Type.Literal('expression'),
      field: Type.Optional(FieldPath),
      value: Expression,
      ...outcome,
    }),
  ],
  undefined,
  'rule',
);
const Validation = Closed('ValidationConfig', { rules: Type.Array(Rule, { minItems: 1, maxItems: 500 }) });

export const Transformation = tagged([
  Closed('FieldMappingStep', { type: Type.Literal('field_mapping'), config: FieldMapping }),
  Closed('TypeConversionStep', { type: Type.Literal('type_conversion'), config: TypeConversion }),
  Closed('ValueTransformStep', { type: Type.Literal('value_transform'), config: ValueTransform }),
  Closed('FilterStep', { type: Type.Literal('filter'), config: Filter }),
  Closed('ComputedStep', { type: Type.Literal('computed'), config: Computed }),
  Closed('FlattenStep', { type: Type.Literal('flatten'), config: Flatten }),
  Closed('DedupeStep', { type: Type.Literal('dedupe'), config: Dedupe }),
  Closed('ValidationStep', { type: Type.Literal('validation'), config: Validation }),
]);
export const Transformations = Type.Array(Transformation, {
  maxItems: 50,
  description: 'What is done to each record, in order.',
});

export type FieldMapping = Static<typeof FieldMapping>;
export type Conversion = Static<typeof Conversion>;
export type TypeConversion = Static<typeof TypeConversion>;
export type ValueTransform = Static<typeof ValueTransform>;
export type Filter = Static<typeof Filter>;
export type Computed = Static<typeof Computed>;
export type Flatten = Static<typeof Flatten>;
export type Dedupe = Static<typeof Dedupe>;
export type Rule = Static<typeof Rule>;
export type Validation = Static<typeof Validation>;
export type Transformation = Static<typeof Transformation>;
export type Transformations = Static<typeof Transformations>;
