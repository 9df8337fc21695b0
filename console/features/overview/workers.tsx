import { useQuery } from '@tanstack/react-query';
import { Tag } from 'antd';
import { useTranslation } from 'react-i18next';
import type { Worker } from '../../api/model.ts';
import { Bar } from '../../ui/bar.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { ErrorNotice } from '../../ui/error-notice.tsx';
import { Section } from '../../ui/page.tsx';
import { StatusBadge, type Tone } from '../../ui/status-badge.tsx';
import { RelativeTime } from '../../ui/time.tsx';
import styles from './overview-page.module.css';
import { workersQuery } from './overview-queries.ts';

const TONES: Record<Worker['status'], Tone> = { online: 'good', busy: 'busy', offline: 'bad' };

function useColumns(): Column<Worker>[] {
  const { t } = useTranslation();
  return [
    { key: 'name', title: t('overview.worker.name'), render: (worker) => worker.name },
    {
      key: 'status',
      title: t('overview.worker.status'),
      render: ({ status }) => <StatusBadge tone={TONES[status]} label={t(`workerStatus.${status}`)} />,
    },
    {
      key: 'load',
      title: t('overview.worker.load'),
      render: ({ current_tasks: current, max_tasks: max }) => (
        <span className={styles.load}>
          <Bar value={current} max={max} />
          {t('overview.worker.loadOf', { current, max })}
        </span>
      ),
    },
    {
      key: 'tags',
      title: t('overview.worker.tags'),
      render: ({ tags }) =>
        tags.length === 0 ? (
          t('common.none')
        ) : (
          <span className={styles.tags}>
            {tags.map((tag) => (
              <Tag key={tag}>{tag}</Tag>
            ))}
          </span>
        ),
    },
    {
      key: 'heartbeat',
      title: t('overview.worker.heartbeat'),
      render: ({ last_heartbeat: at }) => (at ? <RelativeTime value={at} /> : t('common.never')),
    },
  ];
}

export function Workers() {
  const { t } = useTranslation();
  const columns = useColumns();
  const { data, error, refetch } = useQuery(workersQuery);
  return (
    <Section title={t('overview.workers')}>
      {error && <ErrorNotice error={error} onRetry={() => void refetch()} stale={data !== undefined} />}
      {(data || !error) && (
        <DataTable
          label={t('overview.workers')}
          columns={columns}
          rows={data}
          rowKey={(worker) => worker.id}
          empty={t('overview.noWorkers')}
        />
      )}
    </Section>
  );
}
