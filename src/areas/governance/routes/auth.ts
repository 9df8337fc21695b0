import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { SESSION_COOKIE } from '../../../auth/authenticator.ts';
import { PERMISSIONS } from '../../../auth/permissions.ts';
import { refreshTokens, signOut, type TokenPair } from '../../../auth/sessions.ts';
import { changeOwnPassword, signIn, signInToConsole } from '../../../auth/sign-in.ts';
import { actorOf, requesterOf } from '../../../http/access.ts';
import type { App } from '../../../http/area.ts';
import { rfc3339 } from '../../../kernel/clock.ts';
import { AppError } from '../../../kernel/errors.ts';
import type { GovernanceDeps } from '../deps.ts';
import { envelope, success } from '../dialect.ts';

/** Nobody has proved who they are yet: no more is read of them than a name and a password need. */
const BODY_LIMIT = 8 * 1024;

const Username = Type.String({ minLength: 1, maxLength: 200 });
const Password = Type.String({ minLength: 1, maxLength: 1024 });

const UserAnswer = Type.Object(
  { id: Type.Integer(), username: Type.String(), role: Type.String() },
  { title: 'SignedInUser' },
);
const tokenFields = {
  access_token: Type.String(),
  refresh_token: Type.String(),
  token_type: Type.Literal('Bearer'),
  expires_in: Type.Integer({ description: 'Seconds that the access token is good for.' }),
};
const TokensAnswer = Type.Object({ ...tokenFields, user: UserAnswer }, { title: 'SignIn' });
const SessionAnswer = Type.Object(
  {
    csrf_token: Type.String({ description: 'To be sent in `X-CSRF-Token` with everything that changes something.' }),
    expires_at: Type.String({ format: 'date-time' }),
    user: UserAnswer,
  },
  { title: 'ConsoleSignIn' },
);

function tokens(pair: TokenPair) {
  return {
    access_token: pair.accessToken,
    refresh_token: pair.refreshToken,
    token_type: 'Bearer' as const,
    expires_in: pair.expiresIn,
  };
}

/** `auto`: only over TLS when that is how the browser reached us. */
const COOKIE = { path: '/', httpOnly: true, sameSite: 'strict', secure: 'auto' } as const;

function clearSession(reply: Pick<FastifyReply, 'clearCookie'>): void {
  reply.clearCookie(SESSION_COOKIE, COOKIE);
}

/** Signing in and out, tokens, and who one is. */
export function registerAuthRoutes(app: App, { store, authenticator, codec }: GovernanceDeps): void {
  app.post(
    '/auth/login',
    {
      config: { access: 'public', bucket: 'login' },
      bodyLimit: BODY_LIMIT,
      schema: {
        summary: 'Sign in',
        description:
          'With `session: "cookie"`, as the console does it, the answer sets an HttpOnly cookie instead of tokens.',
        tags: ['auth'],
        body: Type.Object(
          {
            username: Username,
            password: Password,
            session: Type.Optional(Type.Enum(['token', 'cookie'])),
          },
          { additionalProperties: false, title: 'Login' },
        ),
        response: { 200: envelope(Type.Union([TokensAnswer, SessionAnswer]), 'Signed in.') },
      },
    },
    async (request, reply) => {
      const { username, password, session: wanted } = request.body;
      const attempt = { username, password, address: request.ip, requestId: request.id };
      if (wanted === 'cookie') {
        const { user, session } = await signInToConsole(store, codec, attempt);
        reply.setCookie(SESSION_COOKIE, session.cookie, { ...COOKIE, expires: session.expiresAt });
        return success({ csrf_token: session.csrfToken, expires_at: rfc3339(session.expiresAt), user }, 'Signed in');
      }
      const { user, tokens: pair } = await signIn(store, codec, attempt);
      return success({ ...tokens(pair), user }, 'Signed in');
    },
  );

  app.post(
    '/auth/logout',
    {
      config: { access: 'authenticated' },
      schema: {
        summary: 'Sign out: ends the session, or every token of this sign-in',
        tags: ['auth'],
        body: Type.Union([Type.Object({}, { additionalProperties: false }), Type.Null()]),
        response: { 200: envelope(Type.Null(), 'Signed out.') },
      },
    },
    async (request, reply) => {
      await authenticator.change((tx) => signOut(tx, actorOf(request)));
      clearSession(reply);
      return success(null, 'Signed out');
    },
  );

  app.post(
    '/api/refresh',
    {
      config: { access: 'public', bucket: 'login' },
      bodyLimit: BODY_LIMIT,
      schema: {
        summary: 'Spend a refresh token, sent as `Authorization: Bearer`, for new tokens',
        tags: ['auth'],
        body: Type.Union([Type.Object({}, { additionalProperties: false }), Type.Null()]),
        response: { 200: envelope(Type.Object(tokenFields, { title: 'Tokens' }), 'New tokens.') },
      },
    },
    async (request) => {
      const token = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
      if (token === undefined)
        throw new AppError('unauthenticated', 'Send the refresh token as "Authorization: Bearer".');
      const pair = await refreshTokens(store, codec, token, { address: request.ip, requestId: request.id });
      return success(tokens(pair), 'Refreshed');
    },
  );

  app.get(
    '/api/me',
    {
      config: { access: 'authenticated' },
      schema: {
        summary: 'Who I am, and what I may do',
        tags: ['auth'],
        response: {
          200: envelope(
            Type.Object(
              {
                id: Type.Union([Type.Integer(), Type.Null()]),
                username: Type.String(),
                role: Type.String(),
                permissions: Type.Array(Type.Enum([...PERMISSIONS])),
                csrf_token: Type.Optional(Type.String({ description: 'Of a console session.' })),
              },
              { title: 'Me' },
            ),
            'The identity.',
          ),
        },
      },
    },
    async (request) => {
      const { userId, username, role, permissions, sessionId } = requesterOf(request);
      const byCookie = sessionId !== null && request.headers.authorization === undefined;
      const data = { id: userId, username, role, permissions: [...permissions] };
      return success(byCookie ? { ...data, csrf_token: codec.csrfToken(sessionId) } : data, 'OK');
    },
  );

  app.post(
    '/api/change-password',
    {
      config: { access: 'authenticated', bucket: 'login' },
      schema: {
        summary: "Change one's password; it ends all of one's sessions and tokens",
        tags: ['auth'],
        body: Type.Object(
          { current_password: Password, new_password: Password },
          { additionalProperties: false, title: 'ChangePassword' },
        ),
        response: { 200: envelope(Type.Null(), 'Changed.') },
      },
    },
    async (request, reply) => {
      const { current_password: current, new_password: fresh } = request.body;
      await changeOwnPassword(store, actorOf(request), { current, fresh });
      authenticator.forget();
      clearSession(reply);
      return success(null, 'Password changed; sign in again');
    },
  );
}
