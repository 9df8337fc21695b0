import { CaretRightOutlined, DeleteOutlined, EditOutlined } from '@ant-design/icons';
import { Link, useNavigate } from '@tanstack/react-router';
import { App, Button } from 'antd';
import { useTranslation } from 'react-i18next';
import type { Task, TaskStatus } from '../../api/model.ts';
import { useMay } from '../../api/session.ts';
import { useErrorMessage } from '../../ui/error-message.tsx';
import { LinkButton } from '../../ui/link-button.tsx';
import { useTaskMutations } from './task-queries.ts';

/** What each status can be changed to, with the word on the button. */
const CHANGES: Record<TaskStatus, readonly (readonly [TaskStatus, 'pause' | 'resume' | 'disable' | 'enable'])[]> = {
  active: [
    ['paused', 'pause'],
    ['disabled', 'disable'],
  ],
  paused: [
    ['active', 'resume'],
    ['disabled', 'disable'],
  ],
  disabled: [['active', 'enable']],
};

/** Everything that can be done with one task. */
export function TaskActions({ task }: { readonly task: Task }) {
  const { t } = useTranslation();
  const { message, modal } = App.useApp();
  const showError = useErrorMessage();
  const navigate = useNavigate();
  const mayTrigger = useMay('scheduler_manage');
  const mayChange = useMay('scheduler_manage', 'update');
  const mayDelete = useMay('scheduler_manage', 'delete');
  const { trigger, setStatus, remove } = useTaskMutations();

  const runNow = () =>
    trigger.mutate(task.id, {
      onError: showError,
      onSuccess: (run) =>
        void message.success(
          <>
            {t('task.triggered', { id: run.id })}{' '}
            <Link to="/runs/$runId" params={{ runId: String(run.id) }}>
              {t('task.openRun')}
            </Link>
          </>,
        ),
    });

  const change = (status: TaskStatus) =>
    setStatus.mutate(
      { id: task.id, status },
      {
        onError: showError,
        onSuccess: () => void message.success(t('task.statusChanged', { status: t(`taskStatus.${status}`) })),
      },
    );

  const confirmDelete = () =>
    void modal.confirm({
      title: t('task.deleteTitle', { name: task.name }),
      content: t('task.deleteText'),
      okText: t('task.delete'),
      okButtonProps: { danger: true },
      cancelText: t('common.cancel'),
      // A refused delete closes the question too: its reason stands in the message.
      onOk: () => remove.mutateAsync(task).then(onDeleted, showError),
    });

  const onDeleted = async () => {
    await navigate({ to: '/tasks' });
    void message.success(t('task.deleted', { name: task.name }));
  };

  return (
    <>
      {mayTrigger && (
        <Button
          type="primary"
          icon={<CaretRightOutlined aria-hidden />}
          onClick={runNow}
          loading={trigger.isPending}
          disabled={task.status === 'disabled'}
        >
          {t('task.trigger')}
        </Button>
      )}
      {mayChange &&
        CHANGES[task.status].map(([status, word]) => (
          <Button
            key={status}
            onClick={() => change(status)}
            loading={setStatus.isPending && setStatus.variables.status === status}
          >
            {t(`task.${word}`)}
          </Button>
        ))}
      {mayChange && (
        <LinkButton to="/tasks/$taskId/edit" params={{ taskId: String(task.id) }} icon={<EditOutlined aria-hidden />}>
          {t('task.edit')}
        </LinkButton>
      )}
      {mayDelete && (
        <Button danger icon={<DeleteOutlined aria-hidden />} onClick={confirmDelete}>
          {t('task.delete')}
        </Button>
      )}
    </>
  );
}
