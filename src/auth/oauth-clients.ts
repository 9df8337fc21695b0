import { AppError, invalidField } from '../kernel/errors.ts';
import type { Store } from '../store/store.ts';
import { PUBLIC_ID, secretMatches } from './api-keys.ts';
import { recordAudit } from './audit.ts';
import { identityOf } from './identity.ts';
import { LoginThrottle } from './login-throttle.ts';
import { effectivePermissions, isPermission, type Permission } from './permissions.ts';
import { type KeyRow, selectLiveKey } from './queries/identity_get.ts';
import { touchKey } from './queries/key_update.ts';
import { type GrantedTokens, startTokens } from './sessions.ts';
import type { TokenCodec } from './token-codec.ts';

/** The request of OAuth 2's client credentials grant (RFC 6749, 4.4). */
export interface ClientCredentials {
  /** Of a key that was made with the kind `client`. */
  readonly clientId: string;
  readonly clientSecret: string;
  /** Permissions with spaces between; absent: all that the client has. */
  readonly scope?: string | undefined;
  readonly address?: string | undefined;
  readonly requestId?: string | undefined;
}

/** @throws AppError `unauthenticated`, `rate_limited`, `validation` of `scope` when it asks for more than there is */
export async function exchangeClientCredentials(
  store: Store,
  codec: TokenCodec,
  request: ClientCredentials,
): Promise<GrantedTokens> {
  const throttle = new LoginThrottle(store, `client ${request.clientId}`, request.address);
  await throttle.claim();
  const client = PUBLIC_ID.test(request.clientId) ? await selectLiveKey(store, request.clientId, 'client') : undefined;
  if (!secretMatches(client?.secretHash, request.clientSecret) || !client) throw refused();
  await throttle.succeeded();

  const identity = identityOf(client);
  const scope = grantedScope(client, request.scope, identity.permissions);
  const tokens = await store.transaction(async (tx) => {
    const pair = await startTokens(tx, codec, {
      userId: client.userId,
      tokenGeneration: client.tokenGeneration,
      principal: identity.principal,
      role: client.role,
      apiKeyId: client.keyId,
      scope,
      address: request.address,
    });
    if (!pair) throw refused();
    await touchKey(tx, client.keyId);
    await recordAudit(
      tx,
      { identity, address: request.address, requestId: request.requestId },
      { action: 'session.sign_in', target: identity.principal, details: { scope } },
    );
    return pair;
  });
  return { ...tokens, scope };
}

function grantedScope(client: KeyRow, asked: string | undefined, held: ReadonlySet<Permission>): readonly Permission[] {
  const names = asked === undefined ? (client.keyPermissions ?? []) : asked.split(' ').filter((name) => name !== '');
  const scope = [...new Set(names)].filter(isPermission);
  if (asked !== undefined) {
    const lacking = [...effectivePermissions(scope)].some((permission) => !held.has(permission));
    if (lacking || scope.length === 0 || scope.length !== new Set(names).size) {
      throw invalidField('scope', 'asks for what this client may not do');
    }
  }
  return scope;
}

function refused(): AppError {
  return new AppError('unauthenticated', 'The client id or the client secret is wrong.');
}
