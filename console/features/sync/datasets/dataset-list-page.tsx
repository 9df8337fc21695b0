import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { Select, Tag } from 'antd';
import { useTranslation } from 'react-i18next';
import { useMay } from '../../../api/session.ts';
import type { DatasetItem } from '../../../api/sync-model.ts';
import { useLanguage } from '../../../i18n/i18n.ts';
import { type Column, DataTable } from '../../../ui/data-table.tsx';
import { ErrorNotice } from '../../../ui/error-notice.tsx';
import filterStyles from '../../../ui/filters.module.css';
import { LinkButton } from '../../../ui/link-button.tsx';
import { Page } from '../../../ui/page.tsx';
import { PagesOf } from '../../../ui/pages-of.tsx';
import { SearchField } from '../../../ui/search-field.tsx';
import { RelativeTime } from '../../../ui/time.tsx';
import type { DatasetListSearch } from './dataset-list-search.ts';
import { datasetListQuery, PAGE_SIZE } from './dataset-queries.ts';
import styles from './datasets.module.css';
import { QualityScore } from './quality.tsx';

const route = getRouteApi('/signed-in/sync/datasets');
const QUALITIES = [50, 75, 90, 95, 99];

function useColumns(): Column<DatasetItem>[] {
  const { t } = useTranslation();
  const number = new Intl.NumberFormat(useLanguage());
  return [
    {
      key: 'name',
      title: t('sync.columns.name'),
      wide: true,
      render: (dataset) => (
        <Link className={styles.name ?? ''} to="/sync/datasets/$datasetId" params={{ datasetId: dataset.id }}>
          {dataset.name}
        </Link>
      ),
    },
    {
      key: 'category',
      title: t('schema.fields.category'),
      render: ({ category }) => (category ? <Tag>{category}</Tag> : '–'),
    },
    {
      key: 'records',
      title: t('sync.files.records'),
      render: ({ records_count: count }) => (count === null ? '–' : number.format(count)),
    },
    {
      key: 'quality',
      title: t('sync.dataset.quality'),
      render: ({ quality_score: score }) => <QualityScore score={score} />,
    },
    { key: 'updated', title: t('task.updated'), render: ({ last_updated: at }) => <RelativeTime value={at} /> },
  ];
}

function UploadButton() {
  const { t } = useTranslation();
  if (!useMay('sync:write')) return null;
  return (
    <LinkButton color="primary" variant="solid" to="/sync/files">
      {t('sync.files.upload')}
    </LinkButton>
  );
}

function Empty({ filtered }: { readonly filtered: boolean }) {
  const { t } = useTranslation();
  if (filtered) {
    return (
      <>
        {t('sync.dataset.emptyFiltered')} <Link to="/sync/datasets">{t('sync.dataset.clearFilter')}</Link>
      </>
    );
  }
  return (
    <>
      <strong>{t('sync.dataset.empty')}</strong>
      <p className={styles.hint}>{t('sync.dataset.emptyHint')}</p>
      <UploadButton />
    </>
  );
}

export function DatasetListPage() {
  const { t } = useTranslation();
  const filter = route.useSearch();
  const { search, quality } = filter;
  const navigate = route.useNavigate();
  const columns = useColumns();
  const { data, error, refetch } = useQuery(datasetListQuery(filter));
  const show = (next: DatasetListSearch, replace = false) =>
    void navigate({ to: '/sync/datasets', search: next, replace });
  const withQuality = quality === undefined ? {} : { quality };
  const withSearch = search ? { search } : {};
  return (
    <Page title={t('sync.dataset.title')} actions={<UploadButton />}>
      <div className={filterStyles.filters}>
        <SearchField
          label={t('sync.dataset.search')}
          value={search ?? ''}
          onSearch={(text) => show({ ...withQuality, ...(text ? { search: text } : {}) }, true)}
        />
        <Select<number>
          className={styles.filter ?? ''}
          aria-label={t('sync.dataset.qualityFilter')}
          value={quality ?? 0}
          options={[
            { value: 0, label: t('sync.dataset.anyQuality') },
            ...[...new Set([...QUALITIES, ...(quality === undefined ? [] : [quality])])]
              .sort((a, b) => a - b)
              .map((value) => ({ value, label: t('sync.dataset.atLeast', { value }) })),
          ]}
          onChange={(value) => show({ ...withSearch, ...(value > 0 ? { quality: value } : {}) })}
        />
      </div>
      {error && <ErrorNotice error={error} onRetry={() => void refetch()} stale={data !== undefined} />}
      {(data || !error) && (
        <DataTable
          label={t('sync.dataset.title')}
          columns={columns}
          rows={data?.datasets}
          rowKey={(dataset) => dataset.id}
          empty={<Empty filtered={search !== undefined || quality !== undefined} />}
        />
      )}
      {data && (
        <PagesOf
          page={filter.page ?? 1}
          size={PAGE_SIZE}
          total={data.total}
          onChange={(page) => show({ ...filter, page })}
        />
      )}
    </Page>
  );
}
