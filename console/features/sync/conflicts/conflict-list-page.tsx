import { getRouteApi } from '@tanstack/react-router';
import { Segmented } from 'antd';
import { useTranslation } from 'react-i18next';
import filterStyles from '../../../ui/filters.module.css';
import { Page } from '../../../ui/page.tsx';
import type { ConflictStatus } from './conflict-queries.ts';
import { ConflictTable } from './conflict-table.tsx';

const route = getRouteApi('/signed-in/sync/conflicts');

export function ConflictListPage() {
  const { t } = useTranslation();
  const { status, page = 1 } = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <Page title={t('sync.conflict.title')}>
      <div className={filterStyles.filters}>
        <Segmented<ConflictStatus | 'all'>
          aria-label={t('sync.filterStatus')}
          value={status ?? 'all'}
          options={[
            { value: 'all', label: t('sync.all') },
            { value: 'pending', label: t('sync.conflict.pending') },
            { value: 'resolved', label: t('sync.conflict.resolved') },
          ]}
          onChange={(value) => void navigate({ to: '.', search: value === 'all' ? {} : { status: value } })}
        />
      </div>
      <ConflictTable
        status={status}
        page={page}
        onPage={(next) =>
          void navigate({ to: '.', search: { ...(status ? { status } : {}), ...(next > 1 ? { page: next } : {}) } })
        }
      />
    </Page>
  );
}
