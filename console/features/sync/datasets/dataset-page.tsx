import { BarChartOutlined, DeleteOutlined, DownloadOutlined } from '@ant-design/icons';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { Alert, App, Button, Dropdown, Tabs, Tag } from 'antd';
import { useTranslation } from 'react-i18next';
import { useMay } from '../../../api/session.ts';
import type { Dataset } from '../../../api/sync-model.ts';
import { useLanguage } from '../../../i18n/i18n.ts';
import { useErrorMessage } from '../../../ui/error-message.tsx';
import { ErrorNotice } from '../../../ui/error-notice.tsx';
import { Facts } from '../../../ui/facts.tsx';
import { PendingPage } from '../../../ui/fallback-pages.tsx';
import { Page } from '../../../ui/page.tsx';
import { StatusBadge, type Tone } from '../../../ui/status-badge.tsx';
import { Moment, RelativeTime } from '../../../ui/time.tsx';
import { DatasetProfile } from './dataset-profile.tsx';
import { DOWNLOADS, datasetQuery, downloadAddress, useDatasetMutations } from './dataset-queries.ts';
import { DatasetRecords } from './dataset-records.tsx';
import styles from './datasets.module.css';
import { QualityScore } from './quality.tsx';

const route = getRouteApi('/signed-in/sync/datasets/$datasetId');
const TONES: Record<Dataset['status'], Tone> = { processing: 'busy', ready: 'good', failed: 'bad' };

function DatasetActions({ dataset }: { readonly dataset: Dataset }) {
  const { t } = useTranslation();
  const { message, modal } = App.useApp();
  const showError = useErrorMessage();
  const navigate = useNavigate();
  const mayChange = useMay('sync:write');
  const { profile, remove } = useDatasetMutations();
  const deleted = async () => {
    await navigate({ to: '/sync/datasets' });
    void message.success(t('sync.dataset.deleted', { name: dataset.name }));
  };
  const confirmDelete = () =>
    void modal.confirm({
      title: t('sync.dataset.deleteTitle', { name: dataset.name }),
      content: t(dataset.source === 'manual' ? 'sync.dataset.deleteKeeps' : 'sync.dataset.deleteText'),
      okText: t('task.delete'),
      okButtonProps: { danger: true },
      cancelText: t('common.cancel'),
      onOk: () => remove.mutateAsync(dataset.id).then(deleted, showError),
    });
  return (
    <>
      <Dropdown
        trigger={['click']}
        menu={{
          items: DOWNLOADS.map((format) => ({
            key: format,
            label: (
              <a href={downloadAddress(dataset.id, format)} download>
                {t(`schema.values.${format}`)}
              </a>
            ),
          })),
        }}
      >
        <Button icon={<DownloadOutlined aria-hidden />}>{t('log.download')}</Button>
      </Dropdown>
      {mayChange && (
        <>
          <Button
            icon={<BarChartOutlined aria-hidden />}
            loading={profile.isPending}
            disabled={dataset.status === 'processing'}
            onClick={() =>
              profile.mutate(dataset.id, {
                onError: showError,
                onSuccess: () => void message.success(t('sync.dataset.profiling')),
              })
            }
          >
            {t('sync.dataset.count')}
          </Button>
          <Button danger icon={<DeleteOutlined aria-hidden />} onClick={confirmDelete}>
            {t('task.delete')}
          </Button>
        </>
      )}
    </>
  );
}

function About({ dataset }: { readonly dataset: Dataset }) {
  const { t } = useTranslation();
  const number = new Intl.NumberFormat(useLanguage());
  const { records_count: count } = dataset;
  return (
    <Facts
      facts={[
        { label: t('taskForm.description'), value: dataset.description, wide: true },
        { label: t('sync.files.records'), value: count !== null && number.format(count) },
        { label: t('sync.dataset.quality'), value: <QualityScore score={dataset.quality_score} /> },
        { label: t('schema.fields.category'), value: dataset.category && <Tag>{dataset.category}</Tag> },
        { label: t('sync.dataset.origin'), value: t(`sync.dataset.source.${dataset.source}`) },
        { label: t('schema.fields.table'), value: <code>data.{dataset.table}</code> },
        { label: t('schema.fields.dataset_id'), value: <code>{dataset.id}</code> },
        {
          label: t('sync.dataset.counted'),
          value: dataset.profiled_at && <RelativeTime value={dataset.profiled_at} />,
        },
        { label: t('task.updated'), value: <RelativeTime value={dataset.last_updated} /> },
        { label: t('task.created'), value: <Moment value={dataset.created_at} /> },
      ]}
    />
  );
}

/** Says that what is shown may be of other records than those that are there. */
function CountAlert({ dataset }: { readonly dataset: Dataset }) {
  const { t } = useTranslation();
  if (dataset.profile_status !== 'failed') return null;
  return (
    <Alert
      className={styles.alert ?? ''}
      type="warning"
      showIcon
      title={t('sync.dataset.countFailed', { error: dataset.profile_error ?? '' })}
      {...(dataset.profiled_at === null ? {} : { description: t('sync.dataset.countOld') })}
    />
  );
}

export function DatasetPage() {
  const { t } = useTranslation();
  const { datasetId } = route.useParams();
  const { tab = 'profile', page = 1 } = route.useSearch();
  const navigate = route.useNavigate();
  const { data: dataset, error, refetch } = useQuery(datasetQuery(datasetId));
  if (!dataset) return error ? <ErrorNotice error={error} onRetry={() => void refetch()} /> : <PendingPage />;
  const { status } = dataset;
  return (
    <Page
      title={dataset.name}
      extra={
        <StatusBadge tone={TONES[status]} label={t(`sync.dataset.status.${status}`)} live={status === 'processing'} />
      }
      actions={<DatasetActions dataset={dataset} />}
    >
      {error && <ErrorNotice error={error} onRetry={() => void refetch()} stale />}
      {dataset.error && <Alert className={styles.alert ?? ''} type="error" showIcon title={dataset.error} />}
      <CountAlert dataset={dataset} />
      <About dataset={dataset} />
      <Tabs
        className={styles.tabs ?? ''}
        activeKey={tab}
        destroyOnHidden
        items={[
          {
            key: 'profile',
            label: t('sync.dataset.profile'),
            children: tab === 'profile' && <DatasetProfile dataset={dataset} />,
          },
          {
            key: 'records',
            label: t('sync.dataset.records'),
            children: tab === 'records' && (
              <DatasetRecords
                id={datasetId}
                page={page}
                onPage={(next) =>
                  void navigate({ to: '.', search: { tab: 'records', ...(next > 1 ? { page: next } : {}) } })
                }
              />
            ),
          },
        ]}
        onChange={(key) => void navigate({ to: '.', search: key === 'records' ? { tab: 'records' } : {} })}
      />
    </Page>
  );
}
