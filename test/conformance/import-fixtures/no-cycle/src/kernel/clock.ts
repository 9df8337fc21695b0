import type { Sleep } from './sleep.ts';

export interface Clock {
  readonly sleep: Sleep;
}
