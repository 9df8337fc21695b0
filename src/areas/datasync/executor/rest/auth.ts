import type { OutboundResponse } from '../../../../connections/outbound.ts';
import { ExecutorError } from '../../../../protocol/executor.ts';
import { redact } from '../../../../sandbox/redactor.ts';
import { cleanText } from '../../../../sandbox/text.ts';
import type { RestConfig } from '../spec/rest.ts';

export type RestAuth = NonNullable<RestConfig['auth']>;

/** Signs requests to one service. */
export interface Credentials {
  /** Adds to the URL and to the headers, whose names are in lower case, what the service wants to see. */
  sign(url: URL, headers: Record<string, string>): Promise<void>;
  /** A signed request was refused (401): forgets what can be had anew. @returns false when there is no such thing */
  renew(): boolean;
  /** Removes from a URL what `sign` has put there: such a URL is kept, logged or compared. */
  unsign(url: URL): void;
  /** What must not be shown, by now. */
  readonly secrets: readonly string[];
}

/** Sends a form to a token endpoint, with retries. */
export type SendForm = (url: string, form: string, headers: Record<string, string>) => Promise<OutboundResponse>;

const NOTHING = { renew: () => false, unsign: () => {} };

export function createCredentials(auth: RestAuth | undefined, sendForm: SendForm): Credentials {
  switch (auth?.type) {
    case undefined:
      return { ...NOTHING, sign: async () => {}, secrets: [] };
    case 'bearer':
      return inHeader('authorization', `Bearer ${auth.token}`, [auth.token]);
    case 'basic': {
      const encoded = Buffer.from(`${auth.username}:${auth.password}`).toString('base64');
      return inHeader('authorization', `Basic ${encoded}`, [auth.password, encoded]);
    }
    case 'api_key':
      return apiKey(auth);
    case 'oauth2':
      return new ClientCredentials(auth, sendForm);
  }
}

function inHeader(name: string, value: string, secrets: readonly string[]): Credentials {
  return {
    ...NOTHING,
    sign: async (_url, headers) => {
      headers[name] = value;
    },
    secrets,
  };
}

function apiKey(auth: Extract<RestAuth, { type: 'api_key' }>): Credentials {
  const { name = 'X-API-Key', value } = auth;
  if (auth.in !== 'query') return inHeader(name.toLowerCase(), value, [value]);
  return {
    renew: () => false,
    sign: async (url) => url.searchParams.set(name, value),
    unsign: (url) => url.searchParams.delete(name),
    secrets: [value, encodeURIComponent(value)],
  };
}

/** A token is not used in the last of its time: it may be on the way for a while. */
const LONGEST_MARGIN_MS = 60_000;
const MARGIN_OF_LIFE = 0.1;
const SHOWN_CHARACTERS = 200;

/** OAuth 2.0 client credentials (RFC 6749, 4.4): one token, kept until shortly before it expires. */
class ClientCredentials implements Credentials {
  readonly #auth: Extract<RestAuth, { type: 'oauth2' }>;
  readonly #sendForm: SendForm;
  readonly #secrets: readonly string[];
  /** The last two: what is under way may still have the one before. */
  #tokens: readonly string[] = [];
  #token: Promise<{ readonly text: string; readonly usableUntil: number }> | undefined;
  /** Servers must take the client's secret by HTTP Basic; some take it in the form alone. */
  #secretInForm = false;

  constructor(auth: Extract<RestAuth, { type: 'oauth2' }>, sendForm: SendForm) {
    this.#auth = auth;
    this.#sendForm = sendForm;
    this.#secrets = [auth.client_secret, encodeURIComponent(auth.client_secret), this.#basic()];
  }

  get secrets(): readonly string[] {
    return [...this.#secrets, ...this.#tokens];
  }

  async sign(_url: URL, headers: Record<string, string>): Promise<void> {
    headers.authorization = `Bearer ${await this.#valid()}`;
  }

  renew(): boolean {
    this.#token = undefined;
    return true;
  }

  unsign(): void {}

  async #valid(): Promise<string> {
    const known = this.#token;
    if (known) {
      const token = await known.catch(() => undefined);
      if (token && Date.now() < token.usableUntil) return token.text;
      if (this.#token === known) this.#token = undefined;
    }
    this.#token ??= this.#fetch();
    return (await this.#token).text;
  }

  async #fetch(): Promise<{ text: string; usableUntil: number }> {
    const askedAt = Date.now();
    let answer = await this.#ask();
    if (!this.#secretInForm && (answer.status === 400 || answer.status === 401)) {
      this.#secretInForm = true;
      answer = await this.#ask();
    }
    const { token, lifeMs } = this.#read(answer);
    this.#tokens = [...this.#tokens, token].slice(-2);
    return { text: token, usableUntil: askedAt + lifeMs - Math.min(LONGEST_MARGIN_MS, lifeMs * MARGIN_OF_LIFE) };
  }

  #ask(): Promise<OutboundResponse> {
    const { token_url, client_id, client_secret, scope, audience } = this.#auth;
    const form = new URLSearchParams({ grant_type: 'client_credentials' });
    if (scope !== undefined) form.set('scope', scope);
    if (audience !== undefined) form.set('audience', audience);
    if (!this.#secretInForm)
      return this.#sendForm(token_url, form.toString(), { authorization: `Basic ${this.#basic()}` });
    form.set('client_id', client_id);
    form.set('client_secret', client_secret);
    return this.#sendForm(token_url, form.toString(), {});
  }

  #basic(): string {
    const { client_id, client_secret } = this.#auth;
    return Buffer.from(`${encodeURIComponent(client_id)}:${encodeURIComponent(client_secret)}`).toString('base64');
  }

  /** @throws ExecutorError: asking again with the same client changes nothing */
  #read(answer: OutboundResponse): { token: string; lifeMs: number } {
    const body = answer.body.toString();
    if (answer.status < 200 || answer.status > 299) {
      // Servers like to answer with what they were sent.
      const shown = redact(cleanText(body), this.#secrets).slice(0, SHOWN_CHARACTERS);
      throw new ExecutorError(`no token from auth.token_url: it answered ${answer.status}: ${shown}`, {
        retryable: false,
      });
    }
    const { access_token: token, expires_in: seconds } = members(body);
    if (typeof token !== 'string' || token === '') {
      throw new ExecutorError('no token from auth.token_url: its answer has no access_token', { retryable: false });
    }
    const life = Number(seconds);
    return { token, lifeMs: Number.isFinite(life) && life > 0 ? life * 1000 : Number.POSITIVE_INFINITY };
  }
}

function members(json: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(json);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
