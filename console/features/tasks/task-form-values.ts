import type { Task, TaskInput } from '../../api/schema.ts';

/** A line of environment or of headers. */
export interface Pair {
  readonly name: string;
  readonly value: string;
}

/** What the fields of the form hold. Names are the API's, so that its field errors find their field. */
export interface TaskFormValues {
  readonly name: string;
  readonly executor: Task['executor'];
  readonly command: string;
  readonly working_directory: string;
  readonly environment: readonly Pair[];
  readonly url: string;
  readonly method: string;
  readonly headers: readonly Pair[];
  readonly body: string;
  /** Codes separated by commas. */
  readonly expected_status: string;
  readonly expected_body: string;
  /** Python: a file, or a script that is part of the task. */
  readonly source: 'file' | 'inline';
  readonly script: string;
  /** One a line. */
  readonly arguments: string;
  readonly python_path: string;
  readonly schedule: string;
  readonly timezone: string;
  readonly priority: Task['priority'];
  readonly retry_count: number;
  readonly retry_delay_seconds: number;
  /** Null: no limit. */
  readonly timeout_seconds: number | null;
  readonly tags: readonly string[];
  readonly overlap: Task['overlap'];
  readonly misfire: Task['misfire'];
  readonly pause_on_failure: boolean;
}

export const NEW_TASK: TaskFormValues = {
  name: '',
  executor: 'shell',
  command: '',
  working_directory: '',
  environment: [],
  url: '',
  method: 'GET',
  headers: [],
  body: '',
  expected_status: '',
  expected_body: '',
  source: 'file',
  script: '',
  arguments: '',
  python_path: '',
  schedule: '',
  timezone: 'UTC',
  priority: 'normal',
  retry_count: 0,
  retry_delay_seconds: 5,
  timeout_seconds: 3600,
  tags: [],
  overlap: 'skip',
  misfire: 'coalesce',
  pause_on_failure: false,
};

const toPairs = (record: Readonly<Record<string, string>> | null | undefined): Pair[] =>
  Object.entries(record ?? {}).map(([name, value]) => ({ name, value }));

const toRecord = (pairs: readonly Pair[]): Record<string, string> =>
  Object.fromEntries(pairs.filter(({ name }) => name !== '').map(({ name, value }) => [name, value]));

export function toFormValues(task: Task): TaskFormValues {
  const expected = task.expected_status;
  return {
    ...NEW_TASK,
    name: task.name,
    executor: task.executor,
    command: task.command ?? '',
    working_directory: task.working_directory ?? '',
    environment: toPairs(task.environment),
    url: task.url ?? '',
    method: task.method ?? 'GET',
    headers: toPairs(task.headers),
    body: task.body ?? '',
    expected_status: Array.isArray(expected) ? expected.join(', ') : String(expected ?? ''),
    expected_body: task.expected_body ?? '',
    source: task.script ? 'inline' : 'file',
    script: task.script ?? '',
    arguments: (task.arguments ?? []).join('\n'),
    python_path: task.python_path ?? '',
    schedule: task.schedule ?? '',
    timezone: task.timezone,
    priority: task.priority,
    retry_count: task.retry_count,
    retry_delay_seconds: task.retry_delay_seconds,
    timeout_seconds: task.timeout_seconds,
    tags: task.tags,
    overlap: task.overlap,
    misfire: task.misfire,
    pause_on_failure: task.pause_on_failure,
  };
}

const lines = (text: string): string[] => text.split(/\r?\n/).filter((line) => line !== '');

/** What runs: only the fields of the chosen executor, and of those only what was filled in. */
function specOf(values: TaskFormValues): TaskInput {
  const environment = toRecord(values.environment);
  const process = {
    ...(values.working_directory ? { working_directory: values.working_directory } : {}),
    ...(Object.keys(environment).length > 0 ? { environment } : {}),
  };
  switch (values.executor) {
    case 'shell':
      return { ...process, command: values.command };
    case 'python':
      return {
        ...process,
        ...(values.source === 'inline' ? { script: values.script } : { command: values.command }),
        ...(lines(values.arguments).length > 0 ? { arguments: lines(values.arguments) } : {}),
        ...(values.python_path ? { python_path: values.python_path } : {}),
      };
    case 'http': {
      const headers = toRecord(values.headers);
      const expected = values.expected_status.split(/[\s,]+/).filter((code) => code !== '');
      return {
        url: values.url,
        method: values.method,
        ...(Object.keys(headers).length > 0 ? { headers } : {}),
        ...(values.body ? { body: values.body } : {}),
        ...(expected.length > 0 ? { expected_status: expected.map(Number) } : {}),
        ...(values.expected_body ? { expected_body: values.expected_body } : {}),
      };
    }
  }
}

/** The body that creates such a task. */
export function toTaskInput(values: TaskFormValues): TaskInput {
  return {
    name: values.name,
    executor: values.executor,
    ...specOf(values),
    schedule: values.schedule.trim() || null,
    timezone: values.timezone,
    priority: values.priority,
    retry_count: values.retry_count,
    retry_delay_seconds: values.retry_delay_seconds,
    timeout_seconds: values.timeout_seconds,
    tags: [...values.tags],
    overlap: values.overlap,
    misfire: values.misfire,
    pause_on_failure: values.pause_on_failure,
  };
}

/**
 * The body that makes of a task what the form holds: only what was changed, so that what somebody else changed
 * meanwhile stays, and so do secrets, which the server shows masked. What was emptied becomes null.
 */
export function toTaskChange(before: TaskFormValues, after: TaskFormValues): TaskInput {
  const old: Record<string, unknown> = toTaskInput(before);
  const now: Record<string, unknown> = toTaskInput(after);
  const keys = new Set([...Object.keys(old), ...Object.keys(now)]);
  const changed = [...keys].filter((key) => JSON.stringify(old[key]) !== JSON.stringify(now[key]));
  return Object.fromEntries(changed.map((key) => [key, now[key] ?? null]));
}
