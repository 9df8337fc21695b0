import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { App } from 'antd';
import { useTranslation } from 'react-i18next';
import type { Task } from '../../api/model.ts';
import { ErrorNotice } from '../../ui/error-notice.tsx';
import { PendingPage } from '../../ui/fallback-pages.tsx';
import { Page } from '../../ui/page.tsx';
import { TaskForm } from './task-form.tsx';
import { type TaskFormValues, toFormValues, toTaskUpdate } from './task-form-values.ts';
import { taskQuery, useTaskMutations } from './task-queries.ts';

const route = getRouteApi('/signed-in/tasks/$taskId/edit');

function TaskEditor({ task }: { readonly task: Task }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const navigate = useNavigate();
  const { update } = useTaskMutations();
  const initial = toFormValues(task);
  const leave = () => void navigate({ to: '/tasks/$taskId', params: { taskId: String(task.id) } });
  const save = (values: TaskFormValues) => {
    const body = toTaskUpdate(initial, values);
    if (Object.keys(body).length === 0) {
      void message.info(t('taskForm.unchanged'));
      return;
    }
    update.mutate(
      { id: task.id, body },
      {
        onSuccess: () => {
          void message.success(t('taskForm.saved'));
          leave();
        },
      },
    );
  };
  return (
    <Page title={t('taskForm.editTitle', { name: task.name })}>
      <TaskForm
        initial={initial}
        submitLabel={t('taskForm.save')}
        submitting={update.isPending}
        error={update.error}
        onSubmit={save}
        taskId={task.id}
      />
    </Page>
  );
}

export function TaskEditPage() {
  const id = Number(route.useParams().taskId);
  // Asked for once, fresh: fields must not change under the hands of who is typing.
  const { data, error, refetch, isFetchedAfterMount } = useQuery({
    ...taskQuery(id),
    // Also when what is known is a moment old.
    refetchOnMount: 'always',
    refetchInterval: false,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
  if (data && isFetchedAfterMount) return <TaskEditor key={data.id} task={data} />;
  return error ? <ErrorNotice error={error} onRetry={() => void refetch()} /> : <PendingPage />;
}
