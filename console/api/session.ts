import { ApiError, toApiError } from './errors.ts';

export interface User {
  readonly id: number;
  readonly username: string;
  readonly role: string;
}

export type SessionState =
  | { readonly status: 'unknown' }
  /** `ended`: there was a session, and the server no longer accepts it. */
  | { readonly status: 'signed-out'; readonly ended: boolean }
  | { readonly status: 'signed-in'; readonly user: User };

interface Tokens {
  readonly access: string;
  readonly refresh: string;
}

// In memory only: what a script of another origin could read from storage would outlive the page.
let tokens: Tokens | undefined;
let state: SessionState = { status: 'unknown' };
let refreshing: Promise<boolean> | undefined;
const listeners = new Set<() => void>();

function setState(next: SessionState): void {
  state = next;
  for (const listener of listeners) listener();
}

export function sessionState(): SessionState {
  return state;
}

/** @returns a function that ends the subscription */
export function subscribeSession(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function isUser(value: unknown): value is User {
  if (typeof value !== 'object' || value === null) return false;
  const user = value as Partial<Record<keyof User, unknown>>;
  return typeof user.id === 'number' && typeof user.username === 'string' && typeof user.role === 'string';
}

/** Calls an endpoint of the sign-in itself, which never refreshes by itself, and answers its `data`. */
async function call(method: 'GET' | 'POST', path: string, bearer?: string, body?: object): Promise<unknown> {
  const headers = new Headers({ Accept: 'application/json' });
  if (bearer) headers.set('Authorization', `Bearer ${bearer}`);
  if (body) headers.set('Content-Type', 'application/json');
  let response: Response;
  try {
    response = await fetch(path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
  } catch {
    throw new ApiError(0, '');
  }
  const answer: unknown = await response.json().catch(() => undefined);
  if (!response.ok) throw toApiError(response, answer);
  return (answer as { data?: unknown } | undefined)?.data;
}

function keepTokens(data: unknown): void {
  const { access_token: access, refresh_token: refresh } = data as Record<string, unknown>;
  tokens = typeof access === 'string' && typeof refresh === 'string' ? { access, refresh } : undefined;
}

/** @throws ApiError with the server's words when it refuses */
export async function signIn(username: string, password: string): Promise<void> {
  const data = await call('POST', '/auth/login', undefined, { username, password });
  keepTokens(data);
  const user = (data as { user?: unknown }).user;
  if (!isUser(user)) throw new ApiError(200, '');
  setState({ status: 'signed-in', user });
}

/** Ends the session here even when the server cannot be reached to end it there. */
export async function signOut(): Promise<void> {
  const bearer = tokens?.access;
  tokens = undefined;
  setState({ status: 'signed-out', ended: false });
  await call('POST', '/auth/logout', bearer).catch(() => undefined);
}

/** Finds out, once after the page has loaded, whether the browser still holds a session. */
export async function restoreSession(): Promise<SessionState> {
  if (state.status !== 'unknown') return state;
  try {
    const user = await call('GET', '/api/me');
    setState(isUser(user) ? { status: 'signed-in', user } : { status: 'signed-out', ended: false });
  } catch (error) {
    if (error instanceof ApiError && error.status !== 401) throw error;
    setState({ status: 'signed-out', ended: false });
  }
  return state;
}

/** Trades the refresh token for a new pair; calls at the same time share one trade, since each token is good once. */
function refresh(): Promise<boolean> {
  refreshing ??= (async () => {
    const spent = tokens?.refresh;
    if (!spent) return false;
    try {
      keepTokens(await call('POST', '/api/refresh', spent));
      return tokens !== undefined;
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return false;
      throw error;
    } finally {
      refreshing = undefined;
    }
  })();
  return refreshing;
}

function withIdentity(request: Request): Request {
  const sent = new Request(request);
  if (tokens) sent.headers.set('Authorization', `Bearer ${tokens.access}`);
  return sent;
}

/**
 * `fetch` as the signed-in user. A lapsed access token is refreshed once; a session that cannot be is ended here.
 * @throws ApiError with status 0 when the server cannot be reached
 */
export async function authorizedFetch(request: Request): Promise<Response> {
  try {
    // A body can be read once only: the copy is for the second try.
    const response = await fetch(withIdentity(request.clone()));
    if (response.status !== 401) return response;
    if (await refresh()) return await fetch(withIdentity(request));
    setState({ status: 'signed-out', ended: true });
    return response;
  } catch (error) {
    if (error instanceof ApiError || request.signal.aborted) throw error;
    throw new ApiError(0, '');
  }
}
