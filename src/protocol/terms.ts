/** What worker and server have agreed on. Apart from the messages' schemas, which are dear to load. */
export const PROTOCOL_VERSION = '1.0';
/** A session's lease on its runs, in seconds; renewed by each heartbeat. */
export const LEASE_SECONDS = 15;
export const HEARTBEAT_SECONDS = 3;
/** Losses after which a run is dead. */
export const MAX_LOSSES = 3;
