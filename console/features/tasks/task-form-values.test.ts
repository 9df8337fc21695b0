import { expect, test } from 'vitest';
import type { Task } from '../../api/model.ts';
import { NEW_TASK, type TaskFormValues, toFormValues, toTaskCreate, toTaskUpdate } from './task-form-values.ts';

const form = (values: Partial<TaskFormValues>): TaskFormValues => ({ ...NEW_TASK, name: 'a', ...values });

test('only the fields of the chosen executor are sent', () => {
  const input = toTaskCreate(form({ executor: 'http', url: 'https://example.com', command: 'left over' }));
  expect(input).toMatchObject({ executor: 'http', url: 'https://example.com', method: 'GET' });
  expect(input).not.toHaveProperty('command');
});

test('lines, pairs and codes become what the API takes', () => {
  expect(
    toTaskCreate(
      form({
        executor: 'python',
        source: 'inline',
        script: 'print(1)',
        arguments: '--input\r\ndata file.csv\n',
        environment: [
          { name: 'A', value: 'x=y\nz' },
          { name: '', value: 'of a line that was never filled in' },
        ],
      }),
    ),
  ).toMatchObject({ script: 'print(1)', arguments: ['--input', 'data file.csv'], environment: { A: 'x=y\nz' } });
  expect(toTaskCreate(form({ executor: 'http', expected_status: '200, 204 404' }))).toMatchObject({
    expected_status: [200, 204, 404],
  });
});

test('a change holds what differs and nothing else', () => {
  const before = form({ command: 'echo', environment: [{ name: 'TOKEN', value: '***' }], schedule: '0 2 * * *' });
  expect(toTaskUpdate(before, before)).toEqual({});
  expect(toTaskUpdate(before, { ...before, schedule: ' ', retry_count: 2 })).toEqual({
    schedule: null,
    retry_count: 2,
  });
  expect(toTaskUpdate(before, { ...before, environment: [] })).toEqual({ environment: null });
});

test('another executor comes with all of its fields, and the fields of the old one are not spoken of', () => {
  const before = form({ command: 'echo', working_directory: '/tmp' });
  const after = { ...before, executor: 'http', url: 'https://example.com' } as const;
  expect(toTaskUpdate(before, after)).toEqual({ executor: 'http', url: 'https://example.com', method: 'GET' });
});

test('limits and the webhook are sent as far as they are filled in, and go when they are emptied', () => {
  const limits = { ...NEW_TASK.limits, memory_mb: 256 };
  const on_finish = { url: 'https://example.com', on: ['failed'], secret: '***' } as const;
  const before = form({ command: 'echo', limits, on_finish });
  expect(toTaskCreate(before)).toMatchObject({ limits: { memory_mb: 256 }, on_finish });
  expect(toTaskCreate(form({ command: 'echo', on_finish: { url: '', on: ['failed'], secret: 'x' } }))).toMatchObject({
    on_finish: null,
  });
  expect(toTaskCreate(form({ command: 'echo' }))).not.toHaveProperty('limits');
  const { limits: _, on_finish: _hook, ...rest } = before;
  expect(toTaskUpdate(before, { ...rest, limits: NEW_TASK.limits, on_finish: NEW_TASK.on_finish })).toEqual({
    limits: null,
    on_finish: null,
  });
});

test('a task goes through the form unchanged', () => {
  const task = {
    ...toTaskCreate(
      form({ command: 'echo', starts_at: '2030-01-01T00:00:00Z', jitter_seconds: 7, catchup_seconds: 60 }),
    ),
    max_concurrent: 2,
    on_finish: { url: 'https://example.com' },
  } as unknown as Task;
  const values = toFormValues(task);
  expect(toTaskUpdate(values, values)).toEqual({});
  expect(toTaskCreate(values)).toEqual(task);
});
