import { useQuery } from '@tanstack/react-query';
import { Input, Select, Skeleton } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLanguage } from '../../../i18n/i18n.ts';
import { ErrorNotice } from '../../../ui/error-notice.tsx';
import filterStyles from '../../../ui/filters.module.css';
import { PagesOf } from '../../../ui/pages-of.tsx';
import { RecordTable } from '../../../ui/record-table.tsx';
import { datasetRecordsQuery, RECORDS_SIZE } from './dataset-queries.ts';
import styles from './datasets.module.css';

interface Filter {
  readonly column: string;
  readonly value: string;
}

/** Only records in which one column has one value. */
function RecordFilter({ columns, onFilter }: FilterProps) {
  const { t } = useTranslation();
  const [column, setColumn] = useState<string>();
  const [value, setValue] = useState('');
  const search = (chosen: string | undefined, text: string) =>
    onFilter(chosen !== undefined && text !== '' ? { column: chosen, value: text } : undefined);
  return (
    <div className={filterStyles.filters}>
      <Select
        className={styles.filter ?? ''}
        aria-label={t('sync.dataset.filterColumn')}
        placeholder={t('sync.dataset.filterColumn')}
        value={column ?? null}
        allowClear
        showSearch
        options={columns.map((name) => ({ value: name, label: name }))}
        onChange={(chosen: string | null | undefined) => {
          setColumn(chosen ?? undefined);
          search(chosen ?? undefined, value);
        }}
      />
      <Input.Search
        className={filterStyles.search ?? ''}
        aria-label={t('sync.dataset.filterValue')}
        placeholder={t('sync.dataset.filterValue')}
        allowClear
        value={value}
        onChange={(event) => setValue(event.target.value)}
        onSearch={(text) => search(column, text)}
      />
    </div>
  );
}

interface FilterProps {
  readonly columns: readonly string[];
  readonly onFilter: (filter: Filter | undefined) => void;
}

interface DatasetRecordsProps {
  readonly id: string;
  readonly page: number;
  readonly onPage: (page: number) => void;
}

/** The records of a dataset, a page at a time. */
export function DatasetRecords({ id, page, onPage }: DatasetRecordsProps) {
  const { t } = useTranslation();
  const number = new Intl.NumberFormat(useLanguage());
  const [filter, setFilter] = useState<Filter>();
  const { data, error, refetch } = useQuery(datasetRecordsQuery(id, page, filter));
  if (!data) return error ? <ErrorNotice error={error} onRetry={() => void refetch()} /> : <Skeleton active />;
  const names = data.columns.map(({ name }) => name);
  return (
    <>
      <RecordFilter
        columns={names}
        onFilter={(next) => {
          setFilter(next);
          onPage(1);
        }}
      />
      {error && <ErrorNotice error={error} onRetry={() => void refetch()} stale />}
      <RecordTable
        label={t('sync.dataset.records')}
        records={data.items}
        columns={names}
        empty={t(filter ? 'sync.dataset.noMatch' : 'sync.dataset.noRecords')}
      />
      {!data.total_is_exact && (
        <p className={styles.hint}>{t('sync.dataset.about', { count: number.format(data.total) })}</p>
      )}
      <PagesOf page={page} size={RECORDS_SIZE} total={data.total} onChange={onPage} />
    </>
  );
}
