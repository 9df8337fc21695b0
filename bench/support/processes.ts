/** Files that are run as processes of their own, bundled before the first measurement. */
export const PEER_PROCESS = 'bench/peers/peer-process.ts';
export const ENGINE_PROCESS = 'bench/engine/engine-process.ts';

/** Asks an engine process how much processor time it has used. */
export const USAGE = 'usage';
/** Its answer: since its start, in milliseconds. */
export interface Usage {
  readonly type: 'usage';
  readonly cpuMs: number;
}
