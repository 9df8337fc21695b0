/** What worker and server have agreed on. Apart from the messages' schemas, which are dear to load. */
export const PROTOCOL_VERSION = '1.0';
/** A session's lease on its runs, in seconds; renewed by each heartbeat. */
export const LEASE_SECONDS = 15;
export const HEARTBEAT_SECONDS = 3;
/** Seconds between SIGTERM and SIGKILL that a worker which does not tell its own may give its runs: the most there is. */
export const MOST_KILL_GRACE_SECONDS = 3600;
/** Losses after which a run is dead. */
export const MAX_LOSSES = 3;
