import { PlusOutlined } from '@ant-design/icons';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { Segmented, Tag } from 'antd';
import { useTranslation } from 'react-i18next';
import type { Task, TaskStatus } from '../../api/model.ts';
import { useMay } from '../../api/session.ts';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { ErrorNotice } from '../../ui/error-notice.tsx';
import filterStyles from '../../ui/filters.module.css';
import { LinkButton } from '../../ui/link-button.tsx';
import { Page } from '../../ui/page.tsx';
import { PagesOf } from '../../ui/pages-of.tsx';
import { SearchField } from '../../ui/search-field.tsx';
import { RelativeTime } from '../../ui/time.tsx';
import { RunStatusBadge } from '../runs/run-status-badge.tsx';
import styles from './task-list-page.module.css';
import { TASK_STATUSES, type TaskListSearch } from './task-list-search.ts';
import { PAGE_SIZE, taskListQuery } from './task-queries.ts';
import { ScheduleText, TaskStatusBadge } from './task-words.tsx';

const route = getRouteApi('/signed-in/tasks');

function LastRun({ task }: { readonly task: Task }) {
  const { t } = useTranslation();
  if (!task.last_run) return t('tasks.neverRun');
  return (
    <Link className={styles.last ?? ''} to="/runs/$runId" params={{ runId: String(task.last_run.id) }}>
      <RunStatusBadge status={task.last_run.status} />
      <RelativeTime value={task.last_run.create_time} />
    </Link>
  );
}

function useColumns(): Column<Task>[] {
  const { t } = useTranslation();
  return [
    {
      key: 'name',
      title: t('tasks.name'),
      wide: true,
      render: (task) => (
        <Link className={styles.name ?? ''} to="/tasks/$taskId" params={{ taskId: String(task.id) }}>
          {task.name}
        </Link>
      ),
    },
    { key: 'executor', title: t('tasks.executor'), render: (task) => <Tag>{t(`executor.${task.executor}`)}</Tag> },
    { key: 'schedule', title: t('tasks.schedule'), render: (task) => <ScheduleText task={task} /> },
    { key: 'priority', title: t('tasks.priority'), render: (task) => t(`priority.${task.priority}`) },
    { key: 'status', title: t('tasks.status'), render: (task) => <TaskStatusBadge status={task.status} /> },
    { key: 'last', title: t('tasks.lastRun'), render: (task) => <LastRun task={task} /> },
    {
      key: 'next',
      title: t('tasks.nextRun'),
      render: (task) => (task.next_run_time ? <RelativeTime value={task.next_run_time} /> : '–'),
    },
  ];
}

function CreateButton() {
  const { t } = useTranslation();
  if (!useMay('scheduler_manage', 'create')) return null;
  return (
    <LinkButton color="primary" variant="solid" to="/tasks/new" icon={<PlusOutlined aria-hidden />}>
      {t('tasks.create')}
    </LinkButton>
  );
}

function Empty({ filtered }: { readonly filtered: boolean }) {
  const { t } = useTranslation();
  if (filtered) {
    return (
      <>
        {t('tasks.emptyFiltered')} <Link to="/tasks">{t('tasks.clearFilter')}</Link>
      </>
    );
  }
  return (
    <>
      <strong>{t('tasks.empty')}</strong>
      <p className={styles.hint}>{t('tasks.emptyHint')}</p>
      <CreateButton />
    </>
  );
}

export function TaskListPage() {
  const { t } = useTranslation();
  const filter = route.useSearch();
  const navigate = route.useNavigate();
  const columns = useColumns();
  const { data, error, refetch } = useQuery(taskListQuery(filter));
  const show = (search: TaskListSearch, replace = false) => void navigate({ to: '/tasks', search, replace });

  const { page: _, status, ...unpaged } = filter;
  return (
    <Page title={t('tasks.title')} actions={<CreateButton />}>
      <div className={filterStyles.filters}>
        <SearchField
          label={t('tasks.search')}
          value={filter.search ?? ''}
          onSearch={(text) => show({ ...(status ? { status } : {}), ...(text ? { search: text } : {}) }, true)}
        />
        <Segmented<TaskStatus | 'all'>
          aria-label={t('tasks.filter')}
          value={status ?? 'all'}
          options={[
            { value: 'all', label: t('tasks.all') },
            ...TASK_STATUSES.map((value) => ({ value, label: t(`taskStatus.${value}`) })),
          ]}
          onChange={(value) => show(value === 'all' ? unpaged : { ...unpaged, status: value })}
        />
      </div>
      {error && <ErrorNotice error={error} onRetry={() => void refetch()} stale={data !== undefined} />}
      {(data || !error) && (
        <DataTable
          label={t('tasks.title')}
          columns={columns}
          rows={data?.items}
          rowKey={(task) => task.id}
          empty={<Empty filtered={status !== undefined || filter.search !== undefined} />}
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
