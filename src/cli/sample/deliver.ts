import { createHmac, randomUUID } from 'node:crypto';
import { CliFailure } from '../failure.ts';
import type { Client } from '../remote/client.ts';

/**
 * Delivers one event to a webhook as any sender does: signed with its secret, over the time and the body.
 * @returns the event's id
 */
export async function deliver(client: Client, webhookId: string, secret: string, event: object): Promise<string> {
  const body = JSON.stringify(event);
  const timestamp = String(Math.floor(Date.now() / 1000));
  const response = await fetch(`${client.server}/v1/sync/push/webhook/${webhookId}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-timestamp': timestamp,
      'x-signature': createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex'),
      'x-delivery-id': randomUUID(),
    },
    body,
  });
  if (!response.ok) throw await client.refusal(response);
  const { event_id: id } = (await response.json()) as { event_id?: unknown };
  if (typeof id !== 'string') throw new CliFailure('failed', 'The webhook took the event and gave it no id.');
  return id;
}
