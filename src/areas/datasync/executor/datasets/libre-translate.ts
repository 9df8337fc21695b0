import type { Outbound } from '../../../../connections/outbound.ts';
import { ExecutorError } from '../../../../protocol/executor.ts';
import { RestClient, statusText } from '../rest/client.ts';
import type { TranslationEngine } from './translation.ts';

/** Texts of one request. */
const TEXTS = 50;
const CHARACTERS = 20_000;
const MAX_BODY_BYTES = 10 * 1024 * 1024;

interface Service {
  readonly url: string;
  readonly apiKey: string | undefined;
  readonly outbound: Outbound;
}

/** A service that answers `POST /translate` as LibreTranslate does, with a list for a list. */
export function libreTranslate({ url, apiKey, outbound }: Service): TranslationEngine {
  return {
    async translate(texts, source, target, signal) {
      const client = new RestClient({
        ...{ outbound, home: url, signal, log: () => {} },
        ...{
          auth: undefined,
          headers: undefined,
          rateLimit: undefined,
          timeoutSeconds: undefined,
          maxRetries: undefined,
        },
      });
      try {
        const translated: string[] = [];
        for (const some of portions(texts)) translated.push(...(await ask(client, some)));
        return translated;
      } finally {
        client.close();
      }

      async function ask(client: RestClient, q: readonly string[]): Promise<string[]> {
        const request = {
          url: new URL(`${url.replace(/\/+$/, '')}/translate`),
          method: 'POST' as const,
          body: JSON.stringify({ q, source, target, format: 'text', ...(apiKey ? { api_key: apiKey } : {}) }),
          maxBodyBytes: MAX_BODY_BYTES,
        };
        const answer = await client.send(request);
        if (answer.status !== 200) {
          const excerpt = apiKey ? client.excerpt(answer).replaceAll(apiKey, '***') : client.excerpt(answer);
          throw new ExecutorError(`the translator answered ${statusText(answer)}: ${excerpt}`, { retryable: false });
        }
        return translationsOf(answer.body, q.length);
      }
    },
  };
}

function* portions(texts: readonly string[]): Generator<string[]> {
  let portion: string[] = [];
  let characters = 0;
  for (const text of texts) {
    if (portion.length >= TEXTS || (portion.length > 0 && characters + text.length > CHARACTERS)) {
      yield portion;
      portion = [];
      characters = 0;
    }
    portion.push(text);
    characters += text.length;
  }
  if (portion.length > 0) yield portion;
}

function translationsOf(body: Buffer, count: number): string[] {
  let answer: unknown;
  try {
    answer = JSON.parse(body.toString());
  } catch (error) {
    throw new ExecutorError('the translator answered something else than JSON', { retryable: false, cause: error });
  }
  const { translatedText } = (answer ?? {}) as { translatedText?: unknown };
  const isList = Array.isArray(translatedText) && translatedText.every((text) => typeof text === 'string');
  if (!isList || translatedText.length !== count) {
    throw new ExecutorError('the translator did not answer a translation for each text', { retryable: false });
  }
  return translatedText;
}
