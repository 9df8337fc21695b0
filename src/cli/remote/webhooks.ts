import type { Client } from './client.ts';

export const WEBHOOKS_PATH = '/v1/sync/webhooks';

/** A webhook as the server lists it. */
export interface WebhookView {
  readonly id: string;
  readonly name: string;
  readonly source: string;
  readonly url: string;
}

/** A webhook as it is shown once, when it is made. */
export interface NewWebhookView extends WebhookView {
  readonly secret: string;
}

/** The webhook of exactly this name, if there is one. */
export async function findWebhookByName(client: Client, name: string): Promise<WebhookView | undefined> {
  for await (const webhook of client.pages<WebhookView>(WEBHOOKS_PATH, {}, 'per_page')) {
    if (webhook.name === name) return webhook;
  }
  return undefined;
}
