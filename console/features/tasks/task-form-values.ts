import { specOf, type Task, type TaskCreate, type TaskSpec, type TaskUpdate } from '../../api/model.ts';

/** A line of environment or of headers. */
export interface Pair {
  readonly name: string;
  readonly value: string;
}

/** What the fields of the form hold. Names are the API's, so that its field errors find their field. */
export interface TaskFormValues {
  readonly name: string;
  readonly description: string;
  readonly executor: Task['executor'];
  readonly command: string;
  readonly working_directory: string;
  readonly environment: readonly Pair[];
  readonly url: string;
  readonly method: NonNullable<TaskSpec['method']>;
  readonly headers: readonly Pair[];
  readonly body: string;
  /** Codes separated by commas. */
  readonly expected_status: string;
  readonly expected_body: string;
  readonly follow_redirects: boolean;
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
  /** Null: no limit. */
  readonly max_concurrent: number | null;
  /** RFC 3339; null: at once, and for ever. */
  readonly starts_at: string | null;
  readonly expires_at: string | null;
  /** Null, and 0: none. */
  readonly jitter_seconds: number | null;
  /** Null: however long ago. */
  readonly catchup_seconds: number | null;
  /** Of what runs as processes; null: no limit. */
  readonly limits: Readonly<Record<Limit, number | null>>;
  /** Without a URL nobody is told. */
  readonly on_finish: { readonly url: string; readonly on: readonly Outcome[]; readonly secret: string };
}

export const LIMITS = ['cpu_seconds', 'memory_mb', 'open_files', 'file_size_mb', 'processes'] as const;
export type Limit = (typeof LIMITS)[number];

export const OUTCOMES = ['success', 'failed', 'cancelled'] as const;
export type Outcome = (typeof OUTCOMES)[number];

const NO_LIMITS = { cpu_seconds: null, memory_mb: null, open_files: null, file_size_mb: null, processes: null };

export const NEW_TASK: TaskFormValues = {
  name: '',
  description: '',
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
  follow_redirects: true,
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
  max_concurrent: null,
  starts_at: null,
  expires_at: null,
  jitter_seconds: 0,
  catchup_seconds: null,
  limits: NO_LIMITS,
  on_finish: { url: '', on: [], secret: '' },
};

const toPairs = (record: Readonly<Record<string, string>> | undefined): Pair[] =>
  Object.entries(record ?? {}).map(([name, value]) => ({ name, value }));

const toRecord = (pairs: readonly Pair[]): Record<string, string> =>
  Object.fromEntries(pairs.filter(({ name }) => name !== '').map(({ name, value }) => [name, value]));

/** A request's body as text; one that was given as an object is shown, and from then on kept, as its JSON. */
export function bodyText(body: TaskSpec['body']): string {
  return typeof body === 'object' ? JSON.stringify(body, null, 2) : (body ?? '');
}

function specValues(spec: TaskSpec): Partial<TaskFormValues> {
  return {
    command: spec.command ?? '',
    working_directory: spec.working_directory ?? '',
    environment: toPairs(spec.environment),
    url: spec.url ?? '',
    method: spec.method ?? 'GET',
    headers: toPairs(spec.headers),
    body: bodyText(spec.body),
    expected_status: [spec.expected_status ?? []].flat().join(', '),
    expected_body: spec.expected_body ?? '',
    follow_redirects: spec.follow_redirects ?? true,
    source: spec.script ? 'inline' : 'file',
    script: spec.script ?? '',
    arguments: (spec.arguments ?? []).join('\n'),
    python_path: spec.python_path ?? '',
    limits: { ...NO_LIMITS, ...spec.limits },
  };
}

export function toFormValues(task: Task): TaskFormValues {
  return {
    ...NEW_TASK,
    ...specValues(specOf(task)),
    name: task.name,
    description: task.description,
    executor: task.executor,
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
    max_concurrent: task.max_concurrent,
    starts_at: task.starts_at,
    expires_at: task.expires_at,
    jitter_seconds: task.jitter_seconds,
    catchup_seconds: task.catchup_seconds,
    on_finish: onFinishValues(task.on_finish),
  };
}

function onFinishValues(hook: Task['on_finish']): TaskFormValues['on_finish'] {
  const { url = '', on = [], secret = '' } = hook ?? {};
  return { url, on: OUTCOMES.filter((outcome) => on.includes(outcome)), secret };
}

const lines = (text: string): string[] => text.split(/\r?\n/).filter((line) => line !== '');

/** What the processes of both shell and python tasks have; of it, only what was filled in. */
function processFields(values: TaskFormValues) {
  const environment = toRecord(values.environment);
  const limits = Object.entries(values.limits).filter(([, limit]) => limit !== null);
  return {
    ...(limits.length > 0 ? { limits: Object.fromEntries(limits) } : {}),
    ...(values.working_directory ? { working_directory: values.working_directory } : {}),
    ...(Object.keys(environment).length > 0 ? { environment } : {}),
  };
}

function pythonFields(values: TaskFormValues) {
  return {
    ...processFields(values),
    ...(values.source === 'inline' ? { script: values.script } : { command: values.command }),
    ...(lines(values.arguments).length > 0 ? { arguments: lines(values.arguments) } : {}),
    ...(values.python_path ? { python_path: values.python_path } : {}),
  };
}

function httpFields(values: TaskFormValues) {
  const headers = toRecord(values.headers);
  const expected = values.expected_status.split(/[\s,]+/).filter((code) => code !== '');
  return {
    url: values.url,
    method: values.method,
    ...(Object.keys(headers).length > 0 ? { headers } : {}),
    ...(values.body ? { body: values.body } : {}),
    ...(expected.length > 0 ? { expected_status: expected.map(Number) } : {}),
    ...(values.expected_body ? { expected_body: values.expected_body } : {}),
    ...(values.follow_redirects ? {} : { follow_redirects: false }),
  };
}

function commonFields(values: TaskFormValues) {
  return {
    name: values.name,
    description: values.description,
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
    max_concurrent: values.max_concurrent,
    starts_at: values.starts_at,
    expires_at: values.expires_at,
    jitter_seconds: values.jitter_seconds ?? 0,
    catchup_seconds: values.catchup_seconds,
    on_finish: onFinishOf(values),
  };
}

function onFinishOf({ on_finish: { url, on, secret } }: TaskFormValues): NonNullable<TaskCreate['on_finish']> | null {
  if (url === '') return null;
  return { url, ...(on.length > 0 ? { on: [...on] } : {}), ...(secret === '' ? {} : { secret }) };
}

/** The body that creates such a task: of what runs, only the fields of the chosen executor. */
export function toTaskCreate(values: TaskFormValues): TaskCreate {
  const common = commonFields(values);
  switch (values.executor) {
    case 'shell':
      return { ...common, executor: 'shell', ...processFields(values), command: values.command };
    case 'python':
      return { ...common, executor: 'python', ...pythonFields(values) };
    case 'http':
      return { ...common, executor: 'http', ...httpFields(values) };
  }
}

/**
 * The body that makes of a task what the form holds: only what was changed, so that what somebody else changed
 * meanwhile stays. What was emptied becomes null; with another executor, the old one's fields go by themselves.
 */
export function toTaskUpdate(before: TaskFormValues, after: TaskFormValues): TaskUpdate {
  const now = new Map<string, unknown>(Object.entries(toTaskCreate(after)));
  const sameExecutor = before.executor === after.executor;
  const old = new Map<string, unknown>(Object.entries(sameExecutor ? toTaskCreate(before) : commonFields(before)));
  const keys = [...new Set([...old.keys(), ...now.keys()])];
  const changed = keys.filter((key) => JSON.stringify(old.get(key)) !== JSON.stringify(now.get(key)));
  return Object.fromEntries(changed.map((key) => [key, now.get(key) ?? null]));
}
