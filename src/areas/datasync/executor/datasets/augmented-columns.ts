import { qualified, quoteName, type Session } from '../destinations/postgresql/session.ts';
import type { Column } from '../pipeline/contracts.ts';
import type { AugmentationConfig } from './augmentation-spec.ts';
import { isContent } from './dataset-schema.ts';
import { counts } from './warehouse-session.ts';

/** Names that labels go by. */
const LABEL = /^(label|labels|category|class|target|y)$/i;
/** Names that tell records apart. */
const ID = /^(id|uuid|guid|key)$|_(id|uuid|guid|key)$|[a-z](Id|Key)$/i;
/** Records among which texts are counted. */
const SAMPLE = 10_000;
/** A text that comes in so few forms, and in so small a part of the records, is one of a list and no prose. */
const FEW_FORMS = 50;
const FEW_OF_ALL = 0.1;

/** Which columns a variant may differ in. */
export interface ChangedColumns {
  readonly texts: readonly string[];
  readonly numbers: readonly string[];
  /** Left as they are, of those that could be changed. */
  readonly kept: readonly string[];
}

const NUMERIC: ReadonlySet<string> = new Set(['integer', 'number', 'decimal']);

/** Ids and keys are never changed; labels are not unless the run says so. */
export async function changedColumns(
  session: Session,
  config: AugmentationConfig,
  columns: readonly Column[],
): Promise<ChangedColumns> {
  const { key_columns, label_columns, text_columns, preserve_labels } = config;
  const changeable = columns.filter(
    ({ name }) => isContent(name) && !key_columns.includes(name) && (text_columns?.includes(name) || !ID.test(name)),
  );
  const named = new Set(label_columns ?? changeable.map(({ name }) => name).filter((name) => LABEL.test(name)));
  const isLabel = ({ name }: Column) => preserve_labels && named.has(name);
  const free = changeable.filter((column) => !isLabel(column));
  const chosen = free.filter(({ name, type }) => type === 'text' && (text_columns?.includes(name) ?? true));
  // Whoever names the texts, or the labels, has decided.
  const guessed = preserve_labels && text_columns === undefined && label_columns === undefined;
  const listed = guessed ? await withFewForms(session, config.table, chosen) : new Set<string>();
  const texts = chosen.map(({ name }) => name).filter((name) => !listed.has(name));
  const numbers = free.filter(({ type }) => NUMERIC.has(type)).map(({ name }) => name);
  const changed = new Set([...texts, ...numbers]);
  return {
    texts,
    numbers,
    kept: columns.map(({ name }) => name).filter((name) => isContent(name) && !changed.has(name)),
  };
}

async function withFewForms(session: Session, table: string, columns: readonly Column[]): Promise<Set<string>> {
  const listed = new Set<string>();
  for (const { name } of columns) {
    const quoted = quoteName(name);
    const [forms = 0, all = 0] = await counts(
      session,
      `SELECT count(DISTINCT ${quoted}) AS forms, count(${quoted}) AS n
         FROM (SELECT ${quoted} FROM ${qualified(session, table)} LIMIT ${SAMPLE}) sampled`,
    );
    if (forms <= FEW_FORMS && forms <= all * FEW_OF_ALL) listed.add(name);
  }
  return listed;
}
