/** Files that are run as processes of their own, bundled before the first measurement. */
export const PEER_PROCESS = 'bench/peers/peer-process.ts';
export const ENGINE_PROCESS = 'bench/engine/engine-process.ts';
