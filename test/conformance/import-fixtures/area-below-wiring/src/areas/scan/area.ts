export type { Thing } from '../../http/server.ts';
