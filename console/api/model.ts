import type { components, paths } from './scheduler.gen.ts';

/** The things of the scheduler, by the names that the console uses. */
type Schemas = components['schemas'];

export type Task = Schemas['Task'];
export type TaskStatus = Task['status'];
export type Run = Schemas['Run'];
export type RunStatus = Run['status'];
export type Attempt = Schemas['Attempt'];
export type Worker = Schemas['Worker'];
export type LogLine = Schemas['LogLine'];

type Body<Operation> = Operation extends { requestBody: { content: { 'application/json': infer Json } } }
  ? Json
  : never;
export type TaskCreate = Body<paths['/api/tasks']['post']>;
export type TaskUpdate = Body<paths['/api/tasks/{task_id}']['put']>;

/** What runs: the fields of all three executors, of which a task has those of its own. */
export type TaskSpec = Partial<
  Pick<Schemas['ShellTaskCreate'], 'command' | 'working_directory' | 'environment' | 'limits'> &
    Pick<Schemas['PythonTaskCreate'], 'script' | 'arguments' | 'python_path'> &
    Pick<
      Schemas['HttpTaskCreate'],
      'url' | 'method' | 'headers' | 'body' | 'expected_status' | 'expected_body' | 'follow_redirects'
    >
>;

/** The answer's schema leaves its executor's fields open; they are those that the schemas of creation have let in. */
export function specOf(task: Task): TaskSpec {
  return task as TaskSpec;
}
