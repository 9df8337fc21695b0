import { type Static, Type } from 'typebox';
import { exchangeClientCredentials } from '../../../auth/oauth-clients.ts';
import { type GrantedTokens, refreshTokens, revokeToken } from '../../../auth/sessions.ts';
import type { App } from '../../../http/area.ts';
import { AppError, invalidField } from '../../../kernel/errors.ts';
import type { DatasyncDeps } from '../deps.ts';

/** Nobody has proved who they are yet: no more is read of them than a token needs. */
const BODY_LIMIT = 8 * 1024;
const FORM = 'application/x-www-form-urlencoded';
const consumes = ['application/json', FORM];
const Token = Type.String({ minLength: 1, maxLength: 4096 });

const TokenRequest = Type.Object(
  {
    grant_type: Type.Literal('client_credentials'),
    client_id: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    client_secret: Type.Optional(Type.String({ minLength: 1, maxLength: 1024 })),
    scope: Type.Optional(
      Type.String({
        maxLength: 1000,
        description: 'Permissions with spaces between; absent: all that the client has.',
      }),
    ),
  },
  { additionalProperties: false, title: 'TokenRequest' },
);
const RefreshRequest = Type.Object(
  { grant_type: Type.Literal('refresh_token'), refresh_token: Token },
  { additionalProperties: false, title: 'RefreshRequest' },
);
const RevokeRequest = Type.Object(
  {
    token: Token,
    token_type_hint: Type.Optional(Type.String({ maxLength: 100, description: 'Not needed; OAuth clients send it.' })),
  },
  { additionalProperties: false, title: 'RevokeRequest' },
);
const TokensAnswer = Type.Object(
  {
    access_token: Type.String(),
    token_type: Type.Literal('Bearer'),
    expires_in: Type.Integer({ description: 'Seconds that the access token is good for.' }),
    refresh_token: Type.String({ description: 'Good for one refresh.' }),
    scope: Type.String({ description: 'What was granted, with spaces between.' }),
  },
  { title: 'GrantedTokens' },
);

function tokensAnswer(tokens: GrantedTokens): Static<typeof TokensAnswer> {
  return {
    access_token: tokens.accessToken,
    token_type: 'Bearer',
    expires_in: tokens.expiresIn,
    refresh_token: tokens.refreshToken,
    scope: tokens.scope.join(' '),
  };
}

/**
 * A form as the object that JSON would have been. A parameter without a value counts as left out (RFC 6749, 3.1).
 * @throws AppError `validation` for a parameter that comes twice
 */
function readForm(text: string): Record<string, string> {
  const fields = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(text)) {
    if (fields.has(name)) throw invalidField(name, 'must be given only once');
    if (value !== '') fields.set(name, value);
  }
  return Object.fromEntries(fields);
}

interface ClientLogin {
  readonly clientId: string;
  readonly clientSecret: string;
}

function unescapeForm(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}

/** @returns undefined for other schemes. @throws AppError `unauthenticated` for one that cannot be read */
function basicLogin(header: string | undefined): ClientLogin | undefined {
  const encoded = /^Basic +(\S+) *$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  try {
    if (colon > 0)
      return { clientId: unescapeForm(text.slice(0, colon)), clientSecret: unescapeForm(text.slice(colon + 1)) };
  } catch {
    // A broken escape: as wrong as no colon.
  }
  throw new AppError('unauthenticated', 'Authorization must be "Basic" with the client id and secret in base64.');
}

/** From `Authorization` or from the body, but not from both (RFC 6749, 2.3). */
function clientLogin(header: string | undefined, body: Static<typeof TokenRequest>): ClientLogin {
  const basic = basicLogin(header);
  const { client_id: clientId, client_secret: clientSecret } = body;
  if (!basic) {
    if (clientId === undefined) throw invalidField('client_id', 'is required');
    if (clientSecret === undefined) throw invalidField('client_secret', 'is required');
    return { clientId, clientSecret };
  }
  if (clientSecret !== undefined) throw invalidField('client_secret', 'must not be sent beside Authorization');
  if (clientId !== undefined && clientId !== basic.clientId)
    throw invalidField('client_id', 'is not the client of Authorization');
  return basic;
}

/** Tokens for programs: bought by an OAuth client, refreshed, revoked. */
export function registerAuthRoutes(app: App, deps: DatasyncDeps): void {
  // OAuth clients send forms. Only here: everything else takes JSON alone, which no page of another site can send.
  void app.register(async (scope: App) => {
    scope.addContentTypeParser(FORM, { parseAs: 'string' }, async (_request: unknown, body: string) => readForm(body));
    registerTokenRoutes(scope, deps);
  });
}

function registerTokenRoutes(app: App, { store, authenticator, codec }: DatasyncDeps): void {
  app.post(
    '/v1/sync/auth/token',
    {
      config: { access: 'public', bucket: 'token' },
      bodyLimit: BODY_LIMIT,
      schema: {
        summary: 'Get tokens for an OAuth client',
        description: 'The client id and secret may stand in the body, or in `Authorization: Basic`.',
        tags: ['auth'],
        consumes,
        body: TokenRequest,
        response: { 200: TokensAnswer },
      },
    },
    async (request, reply) => {
      const { authorization } = request.headers;
      try {
        const login = clientLogin(authorization, request.body);
        const from = { scope: request.body.scope, address: request.ip, requestId: request.id };
        const tokens = await exchangeClientCredentials(store, codec, { ...login, ...from });
        reply.header('Cache-Control', 'no-store');
        return tokensAnswer(tokens);
      } catch (error) {
        // Whoever came by that scheme is asked for it again (RFC 6749, 5.2).
        if (/^Basic /i.test(authorization ?? '')) reply.header('WWW-Authenticate', 'Basic realm="longshore"');
        throw error;
      }
    },
  );

  app.post(
    '/v1/sync/auth/refresh',
    {
      config: { access: 'public', bucket: 'token' },
      bodyLimit: BODY_LIMIT,
      schema: {
        summary: 'Spend a refresh token for new tokens',
        description: 'One that comes a second time ends all tokens of its sign-in.',
        tags: ['auth'],
        consumes,
        body: RefreshRequest,
        response: { 200: TokensAnswer },
      },
    },
    async (request, reply) => {
      const from = { address: request.ip, requestId: request.id };
      const tokens = await refreshTokens(store, codec, request.body.refresh_token, from);
      reply.header('Cache-Control', 'no-store');
      return tokensAnswer(tokens);
    },
  );

  app.post(
    '/v1/sync/auth/revoke',
    {
      config: { access: 'public', bucket: 'token' },
      bodyLimit: BODY_LIMIT,
      schema: {
        summary: 'Revoke an access or refresh token, and with it all tokens of its sign-in',
        description: 'Answers 200 for every token, also for one that is unknown or revoked already.',
        tags: ['auth'],
        consumes,
        body: RevokeRequest,
        response: { 200: Type.Object({}, { additionalProperties: false, description: 'The token is good no more.' }) },
      },
    },
    async (request) => {
      const from = { address: request.ip, requestId: request.id };
      await authenticator.change((tx) => revokeToken(tx, codec, request.body.token, from));
      return {};
    },
  );
}
