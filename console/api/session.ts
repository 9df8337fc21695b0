import createClient from 'openapi-fetch';
import { useSyncExternalStore } from 'react';
import { ApiError, toApiError } from './errors.ts';
import type { components, paths } from './governance.gen.ts';

/*
 * A console session is an HttpOnly cookie, which no script can read, and a CSRF token, which the server asks for with
 * everything that changes something and which is kept in memory only: after a reload `GET /api/me` tells it again.
 */

export type User = Pick<components['schemas']['Me'], 'username' | 'role' | 'permissions'>;
export type Permission = User['permissions'][number];

export type SessionState =
  | { readonly status: 'unknown' }
  /** `ended`: there was a session, and the server no longer accepts it. */
  | { readonly status: 'signed-out'; readonly why: 'left' | 'ended' | 'password-changed' }
  | { readonly status: 'signed-in'; readonly user: User; readonly csrfToken: string };

let state: SessionState = { status: 'unknown' };
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

/** The signed-in user; undefined when nobody is. */
export function useUser(): User | undefined {
  const session = useSyncExternalStore(subscribeSession, sessionState);
  return session.status === 'signed-in' ? session.user : undefined;
}

/** Whether the user has all of `permissions`: what they may not do, they are not offered. */
export function useMay(...permissions: readonly Permission[]): boolean {
  const user = useUser();
  return user !== undefined && permissions.every((one) => user.permissions.includes(one));
}

/** Sends, and names what cannot even be sent. @throws ApiError with status 0 when the server cannot be reached */
async function send(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch (error) {
    if (request.signal.aborted) throw error;
    throw new ApiError(0, '');
  }
}

/** What goes along with everything that changes something. */
export function csrfHeaders(): Readonly<Record<string, string>> {
  return state.status === 'signed-in' ? { 'X-CSRF-Token': state.csrfToken } : {};
}

function withToken(request: Request): Request {
  const sent = new Request(request);
  if (!['GET', 'HEAD'].includes(request.method)) {
    for (const [name, value] of Object.entries(csrfHeaders())) sent.headers.set(name, value);
  }
  return sent;
}

/** The server no longer accepts the session. */
export function sessionEnded(): void {
  if (state.status === 'signed-in') setState({ status: 'signed-out', why: 'ended' });
}

/** The sign-in's own endpoints. What they answer is handled by whoever calls them, here below. */
const client = createClient<paths>({ baseUrl: '/', fetch: (request) => send(withToken(request)) });

/** Asks the server whose session the browser holds. @throws ApiError, with status 401 when it holds none */
async function readSession(): Promise<SessionState & { status: 'signed-in' }> {
  const { data, error, response } = await client.GET('/api/me');
  if (!data) throw toApiError(response, error);
  const { username, role, permissions, csrf_token: csrfToken = '' } = data.data;
  return { status: 'signed-in', user: { username, role, permissions }, csrfToken };
}

/** @throws ApiError with the server's words when it refuses */
export async function signIn(username: string, password: string): Promise<void> {
  const body = { username, password, session: 'cookie' } as const;
  const { error, response } = await client.POST('/auth/login', { body });
  if (!response.ok) throw toApiError(response, error);
  setState(await readSession());
}

/**
 * Changes the password, which ends all of one's sessions, this one too.
 * @throws ApiError with the server's words when it refuses
 */
export async function changePassword(current_password: string, new_password: string): Promise<void> {
  const { error, response } = await client.POST('/api/change-password', { body: { current_password, new_password } });
  if (!response.ok) throw toApiError(response, error);
  setState({ status: 'signed-out', why: 'password-changed' });
}

/** Ends the session. @throws ApiError when the server cannot be reached: then the cookie, and the session, live on */
export async function signOut(): Promise<void> {
  const { error, response } = await client.POST('/auth/logout', { body: {} });
  // 401: it was nobody's any more, which is as good.
  if (!response.ok && response.status !== 401) throw toApiError(response, error);
  setState({ status: 'signed-out', why: 'left' });
}

/** Finds out, once after the page has loaded, whether the browser still holds a session. @throws ApiError */
export async function restoreSession(): Promise<SessionState> {
  if (state.status !== 'unknown') return state;
  try {
    setState(await readSession());
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error;
    setState({ status: 'signed-out', why: 'left' });
  }
  return state;
}

/** Another tab may have signed in anew, and the cookie with it: then the token that we know is not its. */
async function tokenHasChanged(): Promise<boolean> {
  if (state.status !== 'signed-in') return false;
  const fresh = await readSession();
  if (fresh.csrfToken === state.csrfToken) return false;
  setState(fresh);
  return true;
}

/**
 * `fetch` as the signed-in user. A session that the server no longer accepts is ended here.
 * @throws ApiError with status 0 when the server cannot be reached
 */
export async function authorizedFetch(request: Request): Promise<Response> {
  // A body can be read once only: the copy is for the second try.
  let response = await send(withToken(request.clone()));
  if (response.status === 403 && request.method !== 'GET' && (await tokenHasChanged())) {
    response = await send(withToken(request));
  }
  if (response.status === 401) sessionEnded();
  return response;
}
