import type { Queryable } from '../store/store.ts';
import { type Identity, identityOf } from './identity.ts';
import { selectLiveFamilies, selectLiveKeys } from './queries/identity_get.ts';

/*
 * What an identity stands on, as text: the sign-in that its token or cookie descends from (`session:…`), or the API key
 * that was sent (`key:…`). It proves nothing and may be stored; whoever keeps something open longer than a request asks
 * by it whether the identity still holds.
 */
const SESSION = 'session:';
const KEY = 'key:';

/** @param identity of a request, never the system's */
export function holderOf(identity: Pick<Identity, 'sessionId' | 'id'>): string {
  return identity.sessionId === null ? `${KEY}${identity.id}` : `${SESSION}${identity.sessionId}`;
}

/** @returns the identities that `holders` are now; those that are revoked, over or unknown are not among them */
export async function identitiesNow(queryable: Queryable, holders: readonly string[]): Promise<Map<string, Identity>> {
  const families = await selectLiveFamilies(queryable, idsOf(holders, SESSION));
  const keys = await selectLiveKeys(queryable, idsOf(holders, KEY), 'key');
  return new Map(
    [...families, ...keys].map((row) => {
      const identity = identityOf(row);
      return [holderOf(identity), identity];
    }),
  );
}

function idsOf(holders: readonly string[], prefix: string): string[] {
  return holders.filter((holder) => holder.startsWith(prefix)).map((holder) => holder.slice(prefix.length));
}
