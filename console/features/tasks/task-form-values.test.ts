import { expect, test } from 'vitest';
import { NEW_TASK, type TaskFormValues, toTaskChange, toTaskInput } from './task-form-values.ts';

const form = (values: Partial<TaskFormValues>): TaskFormValues => ({ ...NEW_TASK, name: 'a', ...values });

test('only the fields of the chosen executor are sent', () => {
  const input = toTaskInput(form({ executor: 'http', url: 'https://example.com', command: 'left over' }));
  expect(input).toMatchObject({ executor: 'http', url: 'https://example.com', method: 'GET' });
  expect(input).not.toHaveProperty('command');
});

test('lines, pairs and codes become what the API takes', () => {
  expect(
    toTaskInput(
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
  expect(toTaskInput(form({ executor: 'http', expected_status: '200, 204 404' }))).toMatchObject({
    expected_status: [200, 204, 404],
  });
});

test('a change holds what differs and nothing else', () => {
  const before = form({ command: 'echo', environment: [{ name: 'TOKEN', value: '***' }], schedule: '0 2 * * *' });
  expect(toTaskChange(before, before)).toEqual({});
  expect(toTaskChange(before, { ...before, schedule: ' ', retry_count: 2 })).toEqual({
    schedule: null,
    retry_count: 2,
  });
  expect(toTaskChange(before, { ...before, environment: [] })).toEqual({ environment: null });
});
