import { holderOf, identitiesNow } from '../../../auth/holders.ts';
import type { Identity } from '../../../auth/identity.ts';
import { sha256 } from '../../../auth/token-codec.ts';
import { AppError } from '../../../kernel/errors.ts';
import { randomText } from '../../../kernel/ids.ts';
import type { Queryable } from '../../../store/store.ts';
import { insertWsTicket, spendWsTicket } from '../queries/ws_ticket.ts';

/** Seconds within which a ticket is to be used. */
export const TICKET_SECONDS = 30;
const PREFIX = 'wst_';

/**
 * A ticket stands in a URL, where proxies may log it: it opens one socket, once, and is worth nothing by the time that
 * anybody reads it.
 * @returns the ticket; only its hash is kept
 */
export async function makeTicket(db: Queryable, identity: Identity): Promise<string> {
  const ticket = `${PREFIX}${randomText(43)}`;
  await insertWsTicket(db, sha256(ticket), holderOf(identity), TICKET_SECONDS);
  return ticket;
}

/**
 * @returns who it was given to, as they are now
 * @throws AppError `unauthenticated` when it is unknown, spent or over, or its holder's sign-in or key is
 */
export async function redeemTicket(db: Queryable, ticket: string): Promise<Identity> {
  const holder = await spendWsTicket(db, sha256(ticket));
  const identity = holder === undefined ? undefined : (await identitiesNow(db, [holder])).get(holder);
  if (!identity) throw new AppError('unauthenticated', 'The ticket is unknown, used up or expired; ask for another.');
  return identity;
}
