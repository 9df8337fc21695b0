type Envelope<T> = {
  200: { content: { 'application/json': { success: true; data: T; message: string; timestamp: string } } };
};
type Page<T> = { items: T[]; total: number; page: number; size: number };
type Op<R, P = never, Q = never, B = never> = {
  parameters: ([P] extends [never] ? { path?: never } : { path: P }) & { query?: Q; header?: never; cookie?: never };
  responses: Envelope<R>;
} & ([B] extends [never] ? { requestBody?: never } : { requestBody: { content: { 'application/json': B } } });
export type Task = {
  id: number;
  name: string;
  description: string;
  executor: 'shell' | 'http' | 'python';
  command?: string;
  working_directory?: string;
  environment?: Record<string, string>;
  url?: string;
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  expected_status?: number | number[];
  expected_body?: string;
  script?: string;
  arguments?: string[];
  python_path?: string;
  schedule: string | null;
  timezone: string;
  priority: 'low' | 'normal' | 'high' | 'critical';
  status: 'active' | 'paused' | 'disabled';
  retry_count: number;
  retry_delay_seconds: number;
  timeout_seconds: number | null;
  tags: string[];
  overlap: 'skip' | 'queue_one' | 'queue_all' | 'cancel_running' | 'allow';
  misfire: 'coalesce' | 'all' | 'skip';
  pause_on_failure: boolean;
  next_run_time: string | null;
  last_run: { id: number; status: RunStatus; time: string } | null;
  create_time: string;
  update_time: string;
};
export type RunStatus = 'pending' | 'running' | 'paused' | 'retrying' | 'cancelled' | 'success' | 'failed' | 'skipped';
export type Attempt = {
  attempt: number;
  outcome: string;
  worker_id: string | null;
  start_time: string;
  end_time: string;
  exit_code: number | null;
  error_message: string | null;
};
export type Run = {
  id: number;
  task_id: number;
  task_name: string;
  status: RunStatus;
  attempt: number;
  attempts: Attempt[];
  priority: string;
  worker_id: string | null;
  scheduled_time: string | null;
  start_time: string | null;
  end_time: string | null;
  duration_seconds: number | null;
  exit_code: number | null;
  error_message: string | null;
  progress: { done: number; total: number | null } | null;
  create_time: string;
};
export type Worker = {
  id: string;
  name: string;
  status: 'online' | 'offline' | 'busy';
  last_heartbeat: string | null;
  current_tasks: number;
  max_tasks: number;
  tags: string[];
};
export type Health = {
  status: string;
  database: string;
  message_queue: string;
  uptime_seconds: number;
  version: string;
};
export type SystemStatus = {
  tasks: { total: number; active: number; paused: number; disabled: number; running: number };
  workers: { total: number; online: number; offline: number };
  runs_today: number;
  success_rate: number;
};
export type TaskInput = Partial<Omit<Task, 'id' | 'last_run' | 'next_run_time' | 'create_time' | 'update_time'>>;
export interface paths {
  '/api/health': { get: Op<Health> };
  '/api/system/status': { get: Op<SystemStatus> };
  '/api/workers': { get: Op<Worker[]> };
  '/api/tasks': {
    get: Op<Page<Task>, never, { page?: number; size?: number; status?: Task['status']; search?: string }>;
    post: Op<Task, never, never, TaskInput>;
  };
  '/api/tasks/{task_id}': {
    get: Op<Task, { task_id: number }>;
    put: Op<Task, { task_id: number }, never, TaskInput>;
    delete: Op<null, { task_id: number }>;
  };
  '/api/tasks/{task_id}/trigger': { post: Op<Run, { task_id: number }> };
  '/api/tasks/{task_id}/runs': { get: Op<Page<Run>, { task_id: number }, { page?: number; size?: number }> };
  '/api/runs/{id}': { get: Op<Run, { id: number }> };
  '/api/runs/{id}/cancel': { post: Op<Run, { id: number }> };
}
