import { useNavigate } from '@tanstack/react-router';
import { App } from 'antd';
import { useTranslation } from 'react-i18next';
import { Page } from '../../ui/page.tsx';
import { TaskForm } from './task-form.tsx';
import { NEW_TASK, toTaskCreate } from './task-form-values.ts';
import { useTaskMutations } from './task-queries.ts';

export function TaskCreatePage() {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const navigate = useNavigate();
  const { create } = useTaskMutations();
  return (
    <Page title={t('taskForm.createTitle')}>
      <TaskForm
        initial={NEW_TASK}
        submitLabel={t('taskForm.create')}
        submitting={create.isPending}
        error={create.error}
        onSubmit={(values) =>
          create.mutate(toTaskCreate(values), {
            onSuccess: (task) => {
              void message.success(t('taskForm.created', { name: task.name }));
              void navigate({ to: '/tasks/$taskId', params: { taskId: String(task.id) } });
            },
          })
        }
      />
    </Page>
  );
}
