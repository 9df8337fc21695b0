import { describe, expect, it } from 'vitest';
import type { Json } from '../protocol/executor.ts';
import { MASK } from '../protocol/secret-names.ts';
import { maskReferences, referencesIn } from '../protocol/secret-refs.ts';
import { shownUrl } from '../protocol/secret-urls.ts';
import { sealSecrets, showSecrets } from './sealing.ts';
import { SecretDraft } from './vault.ts';

/** `password` anywhere, what is secret in `url`, and `credentials` as a whole. */
function shownForm(path: readonly string[], value: Json): string | undefined {
  const name = path.at(-1);
  if (name === 'password' || name === 'credentials') return MASK;
  return name === 'url' && typeof value === 'string' ? shownUrl(value) : undefined;
}

function seal(next: Json, stored: Json = null): { sealed: Json; values: Json[] } {
  const draft = new SecretDraft();
  const sealed = sealSecrets(next, stored, { shownForm, seal: draft.seal });
  return { sealed, values: [...draft.values.values()] };
}

const definition = {
  url: 'https://me:hunter2@example.com/x',
  list: [{ password: 'hunter3' }],
  credentials: { key: 'hunter4' },
  plain: 'x',
};

describe('sealSecrets', () => {
  it('seals what is secret, and nothing else', () => {
    const { sealed, values } = seal(definition);
    expect(JSON.stringify(sealed)).not.toContain('hunter');
    expect(values).toEqual([definition.url, 'hunter3', { key: 'hunter4' }]);
    expect(maskReferences(sealed)).toEqual({
      url: 'https://me:***@example.com/x',
      list: [{ password: MASK }],
      credentials: MASK,
      plain: 'x',
    });
  });

  it('keeps what is stored where the answer comes back', () => {
    const { sealed } = seal(definition);
    const again = seal({ ...(maskReferences(sealed) as object), plain: 'y' }, sealed);
    expect(again.values).toEqual([]);
    expect(again.sealed).toEqual({ ...(sealed as object), plain: 'y' });
  });

  it('keeps parts of the stored definition itself', () => {
    const { sealed } = seal(definition);
    const again = seal({ ...(sealed as { [key: string]: Json }), plain: 'y' }, sealed);
    expect(again.values).toEqual([]);
    expect(referencesIn(again.sealed)).toEqual(referencesIn(sealed));
  });

  it('seals anew what changes', () => {
    const { sealed } = seal(definition);
    const again = seal({ ...(maskReferences(sealed) as object), list: [{ password: 'other' }] }, sealed);
    expect(again.values).toEqual(['other']);
    expect(referencesIn(again.sealed).size).toBe(3);
  });

  it('seals what was stored before there was a vault', () => {
    const shown = { url: 'https://me:***@example.com/x', list: [{ password: MASK }], credentials: MASK, plain: 'x' };
    expect(seal(shown, definition).values).toEqual([definition.url, 'hunter3', { key: 'hunter4' }]);
  });

  it('takes the mask as text where no secret is', () => {
    expect(seal({ plain: MASK })).toEqual({ sealed: { plain: MASK }, values: [] });
  });

  it.each([
    ['password', { password: MASK }],
    ['list.0.password', { list: [{ password: MASK }] }],
    ['url', { url: 'https://me:***@example.com/' }],
  ])('refuses a mask of which nothing is stored, naming %s', (field, next) => {
    expect(() => seal(next)).toThrow(expect.objectContaining({ details: [expect.objectContaining({ field })] }));
  });

  it('refuses a masked URL that is not the one answered, and a secret whose field has moved', () => {
    const { sealed } = seal(definition);
    expect(() => seal({ url: 'https://me:***@evil.test/x' }, sealed)).toThrow(/^url: /);
    expect(() => seal({ list: [{}, { password: MASK }] }, sealed)).toThrow(/^list\.1\.password: /);
  });

  it.each([
    ['plain', (reference: Json) => ({ plain: reference })],
    ['url', (reference: Json) => ({ url: reference })],
    ['plain', (reference: Json) => ({ plain: { ...(reference as object), more: 1 } })],
  ])('refuses a reference that was sent, be it the stored one, in %s', (field, bodyOf) => {
    const { sealed } = seal(definition);
    const reference = JSON.parse(JSON.stringify((sealed as { url: Json }).url));
    expect(() => seal(bodyOf(reference), sealed)).toThrow(
      expect.objectContaining({ details: [expect.objectContaining({ field })] }),
    );
  });
});

describe('showSecrets', () => {
  it('shows what is sealed and what is not yet alike', () => {
    const { sealed } = seal(definition);
    expect(showSecrets(sealed, shownForm)).toEqual(showSecrets(definition, shownForm));
    expect(JSON.stringify(showSecrets(definition, shownForm))).not.toContain('hunter');
  });
});
