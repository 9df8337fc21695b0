import { Tag } from 'antd';
import { useTranslation } from 'react-i18next';
import type { Task } from '../../api/schema.ts';
import { type Fact, Facts } from '../../ui/facts.tsx';
import { Duration, Moment, RelativeTime } from '../../ui/time.tsx';
import { ScheduleText } from './task-words.tsx';

function block(text: string | undefined | null) {
  return text ? (
    <pre>
      <code>{text}</code>
    </pre>
  ) : undefined;
}

function pairs(values: Readonly<Record<string, string>> | undefined | null, separator: string) {
  const lines = Object.entries(values ?? {}).map(([name, value]) => `${name}${separator}${value}`);
  return block(lines.join('\n'));
}

/** What runs, by executor. */
function useSpecFacts(task: Task): Fact[] {
  const { t } = useTranslation();
  const expected = task.expected_status;
  return [
    { label: t('taskForm.url'), value: task.url && `${task.method ?? 'GET'} ${task.url}`, wide: true },
    { label: t('taskForm.headers'), value: pairs(task.headers, ': '), wide: true },
    { label: t('taskForm.body'), value: block(task.body), wide: true },
    { label: t('taskForm.expectedStatus'), value: Array.isArray(expected) ? expected.join(', ') : expected },
    { label: t('taskForm.expectedBody'), value: task.expected_body },
    { label: t('taskForm.command'), value: block(task.command), wide: true },
    { label: t('taskForm.script'), value: block(task.script), wide: true },
    { label: t('taskForm.arguments'), value: block(task.arguments?.join('\n')), wide: true },
    { label: t('taskForm.environment'), value: pairs(task.environment, '='), wide: true },
    { label: t('taskForm.workingDirectory'), value: task.working_directory },
    { label: t('taskForm.pythonPath'), value: task.python_path },
  ];
}

export function TaskDefinition({ task }: { readonly task: Task }) {
  const { t } = useTranslation();
  const spec = useSpecFacts(task);
  const facts: Fact[] = [
    { label: t('taskForm.executor'), value: t(`executor.${task.executor}`) },
    { label: t('tasks.schedule'), value: <ScheduleText task={task} /> },
    { label: t('tasks.nextRun'), value: task.next_run_time && <RelativeTime value={task.next_run_time} /> },
    { label: t('taskForm.priority'), value: t(`priority.${task.priority}`) },
    { label: t('taskForm.retryCount'), value: task.retry_count },
    { label: t('taskForm.timeout'), value: task.timeout_seconds && <Duration seconds={task.timeout_seconds} /> },
    {
      label: t('taskForm.tags'),
      value: task.tags.length > 0 ? task.tags.map((tag) => <Tag key={tag}>{tag}</Tag>) : undefined,
    },
    { label: t('taskForm.overlap'), value: task.schedule && t(`taskForm.overlaps.${task.overlap}`) },
    { label: t('task.created'), value: <Moment value={task.create_time} /> },
    { label: t('task.updated'), value: <Moment value={task.update_time} /> },
    ...spec,
  ];
  return <Facts facts={facts} />;
}
