import { useTranslation } from 'react-i18next';
import { isJsonObject, type JsonObject } from '../api/sync-model.ts';
import dataStyles from './data-table.module.css';
import styles from './record-table.module.css';

interface RecordTableProps {
  /** What the records are, for those who hear the page. */
  readonly label: string;
  /** Objects, whatever their fields. */
  readonly records: readonly unknown[];
  /** The columns, where they are known; those of all records unless told. */
  readonly columns?: readonly string[];
  readonly empty?: string;
}

/** Records may have thousands of fields; nobody reads so far to the right. */
const MOST_COLUMNS = 100;

function cell(value: unknown, nothing: string) {
  if (value === undefined) return null;
  if (value === null) return <span className={styles.null}>{nothing}</span>;
  const kind = typeof value === 'number' || typeof value === 'boolean' ? styles.number : undefined;
  return <span className={kind}>{typeof value === 'string' ? value : JSON.stringify(value)}</span>;
}

/** Records as they are, a column a field. It scrolls sideways: cards of forty lines would help nobody. */
export function RecordTable({ label, records, columns, empty }: RecordTableProps) {
  const { t } = useTranslation();
  const rows = records.map((record): JsonObject => (isJsonObject(record) ? record : { value: String(record) }));
  const all = columns ?? [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const names = all.slice(0, MOST_COLUMNS);
  if (rows.length === 0) {
    return (
      <div className={dataStyles.frame}>
        <div className={dataStyles.empty}>{empty ?? t('common.none')}</div>
      </div>
    );
  }
  return (
    // It scrolls, so it must be reachable by keyboard.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
    <section className={`${dataStyles.frame} ${styles.frame}`} tabIndex={0} aria-label={label}>
      <table className={styles.table}>
        <thead>
          <tr>
            {names.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            // Records have no key that is known here.
            // biome-ignore lint/suspicious/noArrayIndexKey: see above
            <tr key={index}>
              {names.map((name) => (
                <td key={name}>{cell(row[name], 'null')}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {all.length > MOST_COLUMNS && (
        <p className={styles.note}>{t('common.moreColumns', { count: all.length - MOST_COLUMNS })}</p>
      )}
    </section>
  );
}
