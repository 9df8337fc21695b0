import { CaretRightOutlined, DeleteOutlined, PauseOutlined, StopOutlined, UndoOutlined } from '@ant-design/icons';
import { useNavigate } from '@tanstack/react-router';
import { App } from 'antd';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../../../api/session.ts';
import type { SyncJobItem } from '../../../api/sync-model.ts';
import { useErrorMessage } from '../../../ui/error-message.tsx';
import { type JobControl, useJobMutations } from './job-queries.ts';

type Word = 'start' | JobControl | 'reset' | 'delete';

export interface JobAction {
  readonly word: Word;
  readonly label: string;
  readonly icon: ReactNode;
  readonly danger: boolean;
  readonly busy: boolean;
  run(): void;
}

const ICONS: Record<Word, ReactNode> = {
  start: <CaretRightOutlined aria-hidden />,
  pause: <PauseOutlined aria-hidden />,
  resume: <CaretRightOutlined aria-hidden />,
  cancel: <StopOutlined aria-hidden />,
  reset: <UndoOutlined aria-hidden />,
  delete: <DeleteOutlined aria-hidden />,
};

/** What fits each status, the most likely first. A job that waits may have a run to cancel: the server knows. */
const FITTING: Record<SyncJobItem['status'], readonly Word[]> = {
  pending: ['start', 'cancel', 'reset', 'delete'],
  running: ['pause', 'cancel'],
  paused: ['resume', 'cancel'],
  completed: ['start', 'reset', 'delete'],
  failed: ['start', 'reset', 'delete'],
  cancelled: ['start', 'reset', 'delete'],
};

/** What can be done with a job as it is; nothing for who may only look. */
export function useJobActions(job: Pick<SyncJobItem, 'id' | 'name' | 'status'>): JobAction[] {
  const { t } = useTranslation();
  const { message, modal } = App.useApp();
  const showError = useErrorMessage();
  const navigate = useNavigate();
  const { start, control, reset, remove } = useJobMutations();
  const mayChange = useMay('sync:write');
  if (!mayChange) return [];

  const say = (word: Exclude<Word, 'delete'>) => () => void message.success(t(`sync.done.${word}`, { name: job.name }));
  const ask = (word: 'cancel' | 'reset' | 'delete', act: () => Promise<unknown>, then: () => unknown) =>
    void modal.confirm({
      title: t(`sync.ask.${word}`, { name: job.name }),
      content: t(`sync.ask.${word}Text`),
      okText: t(`sync.action.${word}`),
      okButtonProps: { danger: true },
      cancelText: t('sync.ask.back'),
      // A refusal closes the question too: its reason stands in the message.
      onOk: () => act().then(then, showError),
    });
  const deleted = async () => {
    await navigate({ to: '/sync/jobs' });
    void message.success(t('sync.done.delete', { name: job.name }));
  };

  const RUN: Record<Word, () => void> = {
    start: () => start.mutate(job.id, { onError: showError, onSuccess: say('start') }),
    pause: () => control.mutate({ id: job.id, word: 'pause' }, { onError: showError, onSuccess: say('pause') }),
    resume: () => control.mutate({ id: job.id, word: 'resume' }, { onError: showError, onSuccess: say('resume') }),
    cancel: () => ask('cancel', () => control.mutateAsync({ id: job.id, word: 'cancel' }), say('cancel')),
    reset: () => ask('reset', () => reset.mutateAsync(job.id), say('reset')),
    delete: () => ask('delete', () => remove.mutateAsync(job.id), deleted),
  };
  const busy = (word: Word) =>
    word === 'start' ? start.isPending : control.isPending && control.variables.word === word;
  return FITTING[job.status].map((word) => ({
    word,
    label: t(`sync.action.${word}`),
    icon: ICONS[word],
    danger: word === 'cancel' || word === 'delete',
    busy: busy(word),
    run: RUN[word],
  }));
}
