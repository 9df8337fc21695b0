import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { ErrorNotice } from '../../ui/error-notice.tsx';
import { PendingPage } from '../../ui/fallback-pages.tsx';
import { Page } from '../../ui/page.tsx';
import { TaskActions } from './task-actions.tsx';
import { TaskDefinition } from './task-definition.tsx';
import { taskQuery } from './task-queries.ts';
import { TaskRuns } from './task-runs.tsx';
import { TaskStatusBadge } from './task-words.tsx';

const route = getRouteApi('/signed-in/tasks/$taskId');

export function TaskPage() {
  const id = Number(route.useParams().taskId);
  const { page = 1 } = route.useSearch();
  const navigate = route.useNavigate();
  const { data: task, error, refetch } = useQuery(taskQuery(id));
  if (!task) return error ? <ErrorNotice error={error} onRetry={() => void refetch()} /> : <PendingPage />;
  return (
    <Page title={task.name} extra={<TaskStatusBadge status={task.status} />} actions={<TaskActions task={task} />}>
      {error && <ErrorNotice error={error} onRetry={() => void refetch()} stale />}
      <TaskDefinition task={task} />
      <TaskRuns
        taskId={id}
        page={page}
        onPage={(next) => void navigate({ to: '.', search: next > 1 ? { page: next } : {} })}
      />
    </Page>
  );
}
