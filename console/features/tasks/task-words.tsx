import { useTranslation } from 'react-i18next';
import type { Task, TaskStatus } from '../../api/model.ts';
import { StatusBadge, type Tone } from '../../ui/status-badge.tsx';
import styles from './task-words.module.css';

const TONES: Record<TaskStatus, Tone> = { active: 'good', paused: 'warn', disabled: 'quiet' };

export function TaskStatusBadge({ status }: { readonly status: TaskStatus }) {
  const { t } = useTranslation();
  return <StatusBadge tone={TONES[status]} label={t(`taskStatus.${status}`)} />;
}

export function ScheduleText({ task }: { readonly task: Pick<Task, 'schedule' | 'timezone'> }) {
  const { t } = useTranslation();
  if (!task.schedule) return t('tasks.manualOnly');
  return (
    <span className={styles.schedule}>
      <code>{task.schedule}</code>
      {task.timezone !== 'UTC' && ` ${task.timezone}`}
    </span>
  );
}
