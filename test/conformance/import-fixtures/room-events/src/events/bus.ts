export type { Thing } from '../engine/model.ts';
