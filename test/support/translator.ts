import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterFile } from './cleanup.ts';

export interface AskedTranslation {
  readonly q: string[];
  readonly source: string;
  readonly target: string;
  readonly api_key?: string;
}

export interface TestTranslator {
  readonly url: string;
  /** All requests so far, in order. */
  readonly asked: AskedTranslation[];
}

/**
 * A service that speaks as LibreTranslate does, until the file's last test: it writes the language behind each text. Of
 * keys it knows `the-key`, and asks for none.
 * @param answer something else to answer
 */
export async function startTranslator(answer?: unknown): Promise<TestTranslator> {
  const asked: AskedTranslation[] = [];
  const reply = (body: AskedTranslation): [status: number, body: unknown] => {
    asked.push(body);
    if (body.api_key !== undefined && body.api_key !== 'the-key') {
      return [403, { error: `Invalid API key ${body.api_key}` }];
    }
    return [200, answer ?? { translatedText: body.q.map((text) => `${text} ${body.target}`) }];
  };
  const service = createServer((request, response) => {
    json(request).then(
      (body) => {
        const [status, answered] = reply(body as AskedTranslation);
        response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(answered));
      },
      (error: unknown) => response.destroy(error as Error),
    );
  });
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
  afterFile(async () => {
    service.close();
    service.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(service.address() as AddressInfo).port}`, asked };
}
