import { expect, test } from 'vitest';
import { NEW_TASK, type TaskFormValues, toTaskCreate, toTaskUpdate } from './task-form-values.ts';

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
