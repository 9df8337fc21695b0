export type { Thing } from '../../../store/store.ts';
