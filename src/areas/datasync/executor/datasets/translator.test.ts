import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { startTranslator } from '../../../../../test/support/translator.ts';
import { createOutbound } from '../../../../connections/outbound.ts';
import { environment } from '../../../../kernel/config.ts';
import { AttemptAborted } from '../../../../protocol/executor.ts';
import { apertium } from './apertium.ts';
import { openTranslator } from './translator.ts';

const outbound = createOutbound({ allowPrivate: true });
const { signal } = new AbortController();

async function open(url: string, apiKey?: string) {
  const translator = await openTranslator({ url, apiKey }, outbound);
  if (!translator) throw new Error('there is no translator');
  return translator;
}

describe('a LibreTranslate service', () => {
  test('is asked there and back, Chinese by way of English, other texts by way of Spanish', async () => {
    const { url, asked } = await startTranslator();
    const forms = await (await open(`${url}/`, 'the-key')).backAndForth(['好', 'good'], undefined, signal);
    expect(forms).toEqual(
      new Map([
        ['好', '好 en zh'],
        ['good', 'good es en'],
      ]),
    );
    expect(asked.map(({ source, target, api_key }) => [source, target, api_key])).toEqual([
      ['zh', 'en', 'the-key'],
      ['en', 'zh', 'the-key'],
      ['en', 'es', 'the-key'],
      ['es', 'en', 'the-key'],
    ]);
  });

  test('is asked for many texts at once, but not for all', async () => {
    const { url, asked } = await startTranslator();
    const texts = Array.from({ length: 120 }, (_, index) => `text ${index}`);
    const forms = await (await open(url)).backAndForth(texts, 'fr', signal);
    expect(forms.get('text 119')).toBe('text 119 fr en');
    expect(asked.map(({ q }) => q.length)).toEqual([50, 50, 20, 50, 50, 20]);
  });

  test('that refuses, or answers something else, ends the run; its key is not told', async () => {
    const { url } = await startTranslator({ translatedText: 'one text' });
    await expect((await open(url)).backAndForth(['a', 'b'], undefined, signal)).rejects.toThrow(
      'did not answer a translation for each text',
    );
    const refused = (await open(url, 'wrong-key')).backAndForth(['a'], undefined, signal);
    await expect(refused).rejects.toMatchObject({
      retryable: false,
      message: expect.not.stringContaining('wrong-key'),
    });
  });
});

const program = (environment().PATH ?? '')
  .split(path.delimiter)
  .map((folder) => path.join(folder, 'apertium'))
  .find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

describe('Apertium', () => {
  test.skipIf(program === undefined)('translates texts, each as one (needs apertium, apertium-eng-spa)', async () => {
    const engine = apertium(program ?? '');
    const there = await engine.translate(['The big house\n\nis near the river', '', 'Hello'], 'en', 'es', signal);
    expect(there).toEqual(['La casa grande es cerca el río', '', 'Hola']);
    await expect(engine.translate(['x'], 'en', 'xx', signal)).rejects.toThrow('does not translate from en to xx');
    const ended = AbortSignal.abort(new AttemptAborted('cancel'));
    await expect(engine.translate(['x'], 'en', 'es', ended)).rejects.toBe(ended.reason);
  });
});
