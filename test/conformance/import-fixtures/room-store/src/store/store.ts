export type { Thing } from '../protocol/worker.ts';
