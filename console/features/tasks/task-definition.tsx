import { Tag } from 'antd';
import { useTranslation } from 'react-i18next';
import { specOf, type Task, type TaskSpec } from '../../api/model.ts';
import { type Fact, Facts } from '../../ui/facts.tsx';
import { Duration, Moment, RelativeTime } from '../../ui/time.tsx';
import { bodyText, LIMITS } from './task-form-values.ts';
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
function useSpecFacts(spec: TaskSpec): Fact[] {
  const { t } = useTranslation();
  return [
    { label: t('taskForm.url'), value: spec.url && `${spec.method ?? 'GET'} ${spec.url}`, wide: true },
    { label: t('taskForm.headers'), value: pairs(spec.headers, ': '), wide: true },
    { label: t('taskForm.body'), value: block(bodyText(spec.body)), wide: true },
    { label: t('taskForm.expectedStatus'), value: [spec.expected_status ?? []].flat().join(', ') },
    { label: t('taskForm.expectedBody'), value: spec.expected_body },
    { label: t('taskForm.command'), value: block(spec.command), wide: true },
    { label: t('taskForm.script'), value: block(spec.script), wide: true },
    { label: t('taskForm.arguments'), value: block(spec.arguments?.join('\n')), wide: true },
    { label: t('taskForm.environment'), value: pairs(spec.environment, '='), wide: true },
    { label: t('taskForm.workingDirectory'), value: spec.working_directory },
    { label: t('taskForm.pythonPath'), value: spec.python_path },
    ...LIMITS.map((limit) => ({ label: t(`taskForm.limit.${limit}`), value: spec.limits?.[limit] })),
  ];
}

export function TaskDefinition({ task }: { readonly task: Task }) {
  const { t } = useTranslation();
  const spec = useSpecFacts(specOf(task));
  const facts: Fact[] = [
    { label: t('taskForm.description'), value: task.description, wide: true },
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
    { label: t('taskForm.startsAt'), value: task.starts_at && <Moment value={task.starts_at} /> },
    { label: t('taskForm.expiresAt'), value: task.expires_at && <Moment value={task.expires_at} /> },
    { label: t('taskForm.jitter'), value: task.jitter_seconds > 0 && <Duration seconds={task.jitter_seconds} /> },
    {
      label: t('taskForm.catchup'),
      value: task.catchup_seconds !== null && <Duration seconds={task.catchup_seconds} />,
    },
    { label: t('taskForm.maxConcurrent'), value: task.max_concurrent },
    { label: t('taskForm.noticeUrl'), value: task.on_finish?.url },
    { label: t('task.created'), value: <Moment value={task.create_time} /> },
    { label: t('task.updated'), value: <Moment value={task.update_time} /> },
    ...spec,
  ];
  return <Facts facts={facts} />;
}
