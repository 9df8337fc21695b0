import { type Static, Type } from 'typebox';
import { STRATEGIES } from '../executor/datasets/augmentation-spec.ts';
import { DatasetSchema } from '../executor/datasets/dataset-schema.ts';
import { COLUMN_TYPES } from '../executor/pipeline/contracts.ts';
import { Identifier } from '../executor/spec/fields.ts';
import { Transformations } from '../executor/transforms/spec.ts';
import { PathId } from '../ids.ts';
import { OptionalTime, Time } from '../schemas.ts';
import { DATASET_SOURCES } from './queries/dataset.ts';

const Name = Type.String({
  minLength: 1,
  maxLength: 200,
  pattern: '^[^\\p{Cc}]*[^\\p{Cc}\\s][^\\p{Cc}]*$',
  description: 'Unique; no control characters. The table of the warehouse is called so.',
});
export const Category = Type.String({ minLength: 1, maxLength: 100 });
const OptionalNumber = (description: string) => Type.Union([Type.Number(), Type.Null()], { description });
const OptionalText = (description: string) => Type.Union([Type.String(), Type.Null()], { description });

export const DatasetCreate = Type.Object(
  {
    name: Name,
    category: Type.Optional(Category),
    description: Type.Optional(Type.String({ maxLength: 2000 })),
    schema: Type.Optional(DatasetSchema),
    transformations: Type.Optional(Transformations),
  },
  { additionalProperties: false, title: 'DatasetCreate' },
);
export type DatasetCreate = Static<typeof DatasetCreate>;

export const DatasetItem = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    category: OptionalText('What it is about.'),
    quality_score: OptionalNumber('From 0 to 1; null until it is counted, and without records.'),
    records_count: Type.Union([Type.Integer(), Type.Null()], { description: 'As last counted; null until then.' }),
    last_updated: Time,
  },
  { title: 'DatasetItem' },
);

const Quality = Type.Object(
  {
    completeness: Type.Number({ description: 'Of all values of the content, those that are not null. Weighs 0.4.' }),
    uniqueness: Type.Number({
      description: 'Distinct records of all; by the schema’s key where it has one. Weighs 0.3.',
    }),
    validity: Type.Number({
      description: 'Records that obey the schema, of all and of those still refused in quarantine. Weighs 0.3.',
    }),
  },
  { title: 'DatasetQuality' },
);

const Profile = Type.Object(
  {
    columns: Type.Array(
      Type.Object({
        name: Type.String(),
        type: Type.Enum([...COLUMN_TYPES]),
        nulls: Type.Integer(),
        distinct: Type.Union([Type.Integer(), Type.Null()]),
        min: OptionalText('As text, at most 100 characters; null where values have no order.'),
        max: OptionalText('As min.'),
        examples: Type.Array(Type.String()),
      }),
    ),
    distinct_is_estimate: Type.Boolean({ description: 'True beyond 200,000 records.' }),
  },
  { title: 'DatasetProfile' },
);

export const DatasetAnswer = Type.Object(
  {
    ...DatasetItem.properties,
    description: Type.String(),
    source: Type.Enum([...DATASET_SOURCES]),
    table: Type.String({ description: 'In schema `data` of the warehouse.' }),
    status: Type.Enum(['processing', 'ready', 'failed'], { description: 'failed: the run that was to make it did.' }),
    error: OptionalText('Why it failed.'),
    run_id: OptionalText('The run that filled it last.'),
    quality: Type.Union([Quality, Type.Null()]),
    profile: Type.Union([Profile, Type.Null()]),
    profiled_at: OptionalTime,
    profile_status: Type.Union([Type.Enum(['processing', 'ready', 'failed']), Type.Null()], {
      description:
        'Of the latest count: processing until it is done; failed: counts, quality and profile are those of `profiled_at`, or none. Null before the first.',
    }),
    profile_error: OptionalText('Why it could not be counted.'),
    schema: Type.Union([DatasetSchema, Type.Null()]),
    transformations: Type.Union([Type.Array(Type.Unknown()), Type.Null()]),
    created_at: Time,
  },
  { title: 'Dataset' },
);

const Output = Type.Optional(
  Type.Object(
    { name: Type.Optional(Name), category: Type.Optional(Category) },
    { additionalProperties: false, description: 'The new dataset; named after its source unless told.' },
  ),
);
const Seed = Type.Optional(
  Type.Integer({
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
    default: 0,
    description: 'The same seed and the same datasets give the same output.',
  }),
);

export const DiluteBody = Type.Object(
  {
    source_dataset_id: PathId,
    dilution_dataset_ids: Type.Array(PathId, { minItems: 1, maxItems: 20, uniqueItems: true }),
    config: Type.Object(
      {
        dilution_ratio: Type.Number({
          exclusiveMinimum: 0,
          maximum: 10,
          description: 'Records to draw, as a part of those that the source has.',
        }),
        matching_fields: Type.Optional(
          Type.Array(Identifier, {
            maxItems: 8,
            uniqueItems: true,
            description: "Columns over which the source's distribution is kept.",
          }),
        ),
        quality_threshold: Type.Optional(
          Type.Number({ minimum: 0, maximum: 1, default: 0, description: 'Of a single record; see the docs.' }),
        ),
        seed: Seed,
      },
      { additionalProperties: false },
    ),
    output: Output,
  },
  { additionalProperties: false, title: 'Dilution' },
);
export type DiluteBody = Static<typeof DiluteBody>;

const Count = Type.Union([Type.Integer(), Type.Null()], { description: 'Null while the run goes on.' });

const DILUTED = {
  output_dataset_id: Type.String(),
  run_id: Type.String(),
  original_records: Count,
  diluted_records: Type.Union([Type.Integer(), Type.Null()], { description: 'Those that were drawn.' }),
  final_records: Count,
  quality_improvement: OptionalNumber("The output's quality score less the source's."),
};
/** The run goes on: it says no more than where to look. */
export const DilutionStarted = Type.Object(DILUTED, { title: 'DilutionStarted' });
export const DilutionAnswer = Type.Object(
  {
    ...DILUTED,
    short_groups: Type.Array(Type.Object({ values: Type.Unknown(), wanted: Type.Integer(), drawn: Type.Integer() }), {
      description: 'Groups for which there were too few records that are good enough; the 20 that lack most.',
    }),
    short_groups_total: Type.Integer(),
  },
  { title: 'DilutionResult' },
);

export const AugmentBody = Type.Object(
  {
    dataset_id: PathId,
    augmentation: Type.Object(
      {
        strategies: Type.Array(Type.Enum([...STRATEGIES]), { minItems: 1, maxItems: 5, uniqueItems: true }),
        multiplier: Type.Optional(
          Type.Integer({
            minimum: 1,
            maximum: 20,
            default: 2,
            description: 'Size of the output over that of the input.',
          }),
        ),
        preserve_labels: Type.Optional(Type.Boolean({ default: true })),
        label_columns: Type.Optional(
          Type.Array(Identifier, { maxItems: 100, description: 'Those that look like labels unless told.' }),
        ),
        text_columns: Type.Optional(
          Type.Array(Identifier, {
            minItems: 1,
            maxItems: 100,
            description: 'All texts that are no labels unless told.',
          }),
        ),
        jitter: Type.Optional(
          Type.Number({ exclusiveMinimum: 0, maximum: 1, default: 0.05, description: 'How far numbers move at most.' }),
        ),
        pivot_language: Type.Optional(
          Type.String({ pattern: '^[a-z]{2,3}$', description: 'For back_translation; en for Chinese, es for others.' }),
        ),
        seed: Seed,
      },
      { additionalProperties: false },
    ),
    output: Output,
  },
  { additionalProperties: false, title: 'Augmentation' },
);
export type AugmentBody = Static<typeof AugmentBody>;

export const AugmentationAnswer = Type.Object(
  {
    output_dataset_id: Type.String(),
    run_id: Type.String(),
    original_records: Count,
    augmented_records: Type.Union([Type.Integer(), Type.Null()], { description: 'Variants of the original ones.' }),
    final_records: Count,
  },
  { title: 'AugmentationResult' },
);
