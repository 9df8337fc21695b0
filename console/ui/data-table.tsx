import { Skeleton } from 'antd';
import type { ReactNode } from 'react';
import styles from './data-table.module.css';

export interface Column<Row> {
  readonly key: string;
  readonly title: string;
  /** Holds text of any length: it takes the room that the others leave, and breaks its lines. */
  readonly wide?: boolean;
  readonly render: (row: Row) => ReactNode;
}

interface DataTableProps<Row> {
  /** What the table holds, for those who hear the page. */
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  /** Absent while they are loading. */
  readonly rows: readonly Row[] | undefined;
  readonly rowKey: (row: Row) => string | number;
  /** Shown in the place of rows when there are none. */
  readonly empty: ReactNode;
}

/**
 * A plain table that turns into cards on a phone. antd's own Table would bring its trees, filters and menus along,
 * which weigh more than all of the rest of a page, and it can only scroll sideways on a phone.
 */
export function DataTable<Row>({ label, columns, rows, rowKey, empty }: DataTableProps<Row>) {
  if (!rows) {
    return (
      <div className={styles.frame} style={{ padding: 16 }} aria-busy="true">
        <Skeleton active title={false} paragraph={{ rows: 4 }} />
      </div>
    );
  }
  if (rows.length === 0) {
    return (
      <div className={styles.frame}>
        <div className={styles.empty}>{empty}</div>
      </div>
    );
  }
  return (
    <div className={styles.frame}>
      <table className={styles.table} aria-label={label}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.key} scope="col">
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)}>
              {columns.map((column) => (
                <td key={column.key} data-label={column.title} className={column.wide ? styles.wide : undefined}>
                  <div>{column.render(row)}</div>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
