/** The first user, just made with a password that nobody knows yet. */
export interface GeneratedLogin {
  readonly username: string;
  readonly password: string;
  /** Where the password is kept. */
  readonly file: string;
}

/** What a supervised process tells its supervisor over the channel that it inherits. */
export interface Ready {
  readonly type: 'ready';
  /** Where it can be reached; absent for a process that listens on nothing. */
  readonly url?: string;
  readonly login?: GeneratedLogin;
}

export function isReady(message: unknown): message is Ready {
  return typeof message === 'object' && message !== null && (message as { type?: unknown }).type === 'ready';
}

/** For the person who starts it; shown this once. */
export function describeLogin({ username, password, file }: GeneratedLogin): string {
  return `${username} / ${password}  (made now and shown once; kept in ${file})`;
}
