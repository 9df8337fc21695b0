/** What a supervised process tells its supervisor over the channel that it inherits. */
export interface Ready {
  readonly type: 'ready';
  /** Where it can be reached; undefined for a process that listens on nothing. */
  readonly url?: string;
  /** A password that was made for the first admin, to be shown once. */
  readonly adminPassword?: string;
}

export function isReady(message: unknown): message is Ready {
  return typeof message === 'object' && message !== null && (message as { type?: unknown }).type === 'ready';
}
