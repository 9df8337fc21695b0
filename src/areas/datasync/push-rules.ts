import type { Json } from '../../protocol/executor.ts';
import type { Queryable } from '../../store/store.ts';
import { datasetByName } from './datasets/queries/dataset.ts';
import type { ColumnRule, DatasetSchema } from './executor/datasets/dataset-schema.ts';
import type { Rule, Transformation } from './executor/transforms/spec.ts';

/** Rules of one step, at most. */
const RULES_A_STEP = 500;
const NUMERIC: ReadonlySet<string> = new Set(['integer', 'number', 'decimal']);

/** What of a dataset is applied; all unless told. */
export interface Applied {
  readonly validate?: boolean;
  readonly transform?: boolean;
}

/** What records go through on their way into a dataset: its transformations, then the rules of its columns. */
export async function stepsInto(
  db: Queryable,
  source: string,
  { transform = true, validate = true }: Applied,
): Promise<Json[]> {
  if (!transform && !validate) return [];
  const dataset = await datasetByName(db, source);
  const transformations = transform ? (dataset?.transformations ?? []) : [];
  const rules = validate && dataset?.schema ? stepsOfSchema(dataset.schema) : [];
  return [...transformations, ...(rules as unknown as Json[])];
}

/** A schema as steps that send to quarantine what breaks it: values are made what their columns hold, and then judged. */
function stepsOfSchema({ columns }: DatasetSchema): Transformation[] {
  const fields = Object.fromEntries(
    columns
      .filter(({ type }) => type !== 'json' && type !== 'binary')
      .map(({ name, type }) => [name, { type, on_error: 'reject' as const }]),
  );
  const rules = columns.flatMap(rulesOf);
  const steps: Transformation[] = [];
  if (Object.keys(fields).length > 0) steps.push({ type: 'type_conversion', config: { fields } });
  for (let first = 0; first < rules.length; first += RULES_A_STEP) {
    steps.push({ type: 'validation', config: { rules: rules.slice(first, first + RULES_A_STEP) } });
  }
  return steps;
}

function rulesOf({ name, type, required, min, max, max_length, values }: ColumnRule): Rule[] {
  const rules: Rule[] = [];
  const field = pathOf(name);
  const numeric = NUMERIC.has(type);
  if (required) rules.push({ rule: 'required', field });
  if (numeric && min !== undefined) rules.push({ rule: 'min', field, value: min });
  if (numeric && max !== undefined) rules.push({ rule: 'max', field, value: max });
  if (type === 'text' && max_length !== undefined) rules.push({ rule: 'max_length', field, value: max_length });
  if (values !== undefined && (numeric || type === 'text' || type === 'boolean')) {
    rules.push({ rule: 'enum', field, value: values.map((value) => scalarOf(type, value)) });
  }
  return rules;
}

/** Names that would be read as a path are written as one. */
function pathOf(name: string): string {
  return /[./~]/.test(name) ? `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}` : name;
}

/** A value that a schema says as text, as the column holds it. */
function scalarOf(type: string, value: string): string | number | boolean {
  if (NUMERIC.has(type) && value.trim() !== '' && Number.isFinite(Number(value))) return Number(value);
  return type === 'boolean' ? value === 'true' : value;
}
