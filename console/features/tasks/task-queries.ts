import { keepPreviousData, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { done, payload } from '../../api/answers.ts';
import { client } from '../../api/client.ts';
import type { Task, TaskCreate, TaskStatus, TaskUpdate } from '../../api/model.ts';
import { useCreation } from '../../api/use-creation.ts';
import type { TaskListSearch } from './task-list-search.ts';

export const PAGE_SIZE = 20;

export const taskListQuery = ({ page = 1, status, search }: TaskListSearch) =>
  queryOptions({
    queryKey: ['tasks', 'list', { page, status, search }],
    queryFn: ({ signal }) =>
      payload(
        client.GET('/api/tasks', {
          signal,
          params: {
            query: { page, size: PAGE_SIZE, ...(status ? { status } : {}), ...(search ? { search } : {}) },
          },
        }),
      ),
    placeholderData: keepPreviousData,
  });

export const taskQuery = (id: number) =>
  queryOptions({
    queryKey: ['tasks', 'one', id],
    queryFn: ({ signal }) => payload(client.GET('/api/tasks/{task_id}', { signal, params: { path: { task_id: id } } })),
  });

export const taskRunsQuery = (id: number, page: number) =>
  queryOptions({
    queryKey: ['tasks', 'runs', id, page],
    queryFn: ({ signal }) =>
      payload(
        client.GET('/api/tasks/{task_id}/runs', {
          signal,
          params: { path: { task_id: id }, query: { page, size: PAGE_SIZE } },
        }),
      ),
    placeholderData: keepPreviousData,
  });

/** What changes tasks. Each makes all that is shown of tasks be asked for again. */
export function useTaskMutations() {
  const queries = useQueryClient();
  const onSettled = () => queries.invalidateQueries({ queryKey: ['tasks'] });
  return {
    create: useCreation((body: TaskCreate, headers) => payload(client.POST('/api/tasks', { body, headers })), {
      onSettled,
    }),
    update: useMutation({
      mutationFn: ({ id, body }: { id: number; body: TaskUpdate }) =>
        payload(client.PUT('/api/tasks/{task_id}', { params: { path: { task_id: id } }, body })),
      onSettled,
    }),
    setStatus: useMutation({
      mutationFn: ({ id, status }: { id: number; status: TaskStatus }) =>
        payload(client.PUT('/api/tasks/{task_id}', { params: { path: { task_id: id } }, body: { status } })),
      onSettled,
    }),
    trigger: useCreation(
      (id: number, headers) =>
        payload(client.POST('/api/tasks/{task_id}/trigger', { params: { path: { task_id: id } }, body: {}, headers })),
      { onSettled },
    ),
    remove: useMutation({
      mutationFn: (task: Task) =>
        done(client.DELETE('/api/tasks/{task_id}', { params: { path: { task_id: task.id } } })),
      onSuccess: (_, task) => {
        queries.removeQueries({ queryKey: ['tasks', 'one', task.id] });
        queries.removeQueries({ queryKey: ['tasks', 'runs', task.id] });
        return queries.invalidateQueries({ queryKey: ['tasks', 'list'] });
      },
    }),
  };
}
