import { PRIORITIES, type Priority } from '../model.ts';

/** Seconds that a priority moves a run ahead: so long must a low one have waited to stand level. */
const HEAD_START_SECONDS: Readonly<Record<Priority, number>> = { low: 0, normal: 600, high: 3600, critical: 86_400 };
const BY_NUMBER = PRIORITIES.map((name) => HEAD_START_SECONDS[name]).join(', ');

/** The SQL of a run's rank: when it became due, less its priority's head start. */
export function rankOf(due: string, priority: string): string {
  return `${due} - make_interval(secs => (ARRAY[${BY_NUMBER}])[${priority} + 1])`;
}
