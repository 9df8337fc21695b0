import { type Static, Type } from 'typebox';

export const STRATEGIES = [
  'synonym_replacement',
  'random_swap',
  'random_deletion',
  'numeric_jitter',
  'back_translation',
] as const;
export type Strategy = (typeof STRATEGIES)[number];

/** The source of a run that augments a dataset; only the server writes it. */
export const AugmentationConnector = Type.Object({
  type: Type.Literal('augmentation'),
  config: Type.Object({
    table: Type.String(),
    strategies: Type.Array(Type.Enum([...STRATEGIES]), { minItems: 1 }),
    multiplier: Type.Integer({ minimum: 1 }),
    preserve_labels: Type.Boolean(),
    /** Instead of those that are found. */
    label_columns: Type.Optional(Type.Array(Type.String())),
    text_columns: Type.Optional(Type.Array(Type.String())),
    /** Of the dataset's schema. */
    key_columns: Type.Array(Type.String()),
    /** How far numbers move at most, as a part of them. */
    jitter: Type.Number(),
    seed: Type.Integer(),
    pivot_language: Type.Optional(Type.String()),
  }),
});
export type AugmentationConfig = Static<typeof AugmentationConnector>['config'];
