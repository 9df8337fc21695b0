import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Redactor, redact } from './redactor.ts';

// A small alphabet, so that secrets overlap, nest and share beginnings.
const letters = fc.constantFrom('a', 'b', 'c', '\n');
const word = (min: number, max: number) =>
  fc.array(letters, { minLength: min, maxLength: max }).map((parts) => parts.join(''));
const secrets = fc.array(word(4, 9), { minLength: 1, maxLength: 4 });
const pieces = fc.array(word(0, 12), { maxLength: 12 });

describe('Redactor', () => {
  it('gives the same wherever the text is cut', () => {
    fc.assert(
      fc.property(secrets, pieces, (hidden, parts) => {
        const redactor = new Redactor(hidden);
        const streamed = parts.map((part) => redactor.push(part)).join('') + redactor.flush();
        expect(streamed).toBe(redact(parts.join(''), hidden));
      }),
      { numRuns: 2000 },
    );
  });

  it('lets no secret through', () => {
    fc.assert(
      fc.property(secrets, pieces, fc.nat(), (hidden, parts, at) => {
        const secret = hidden[at % hidden.length] ?? '';
        const redactor = new Redactor(hidden);
        const text = [...parts, secret.slice(0, 2), secret.slice(2), ...parts];
        const shown = text.map((part) => redactor.push(part)).join('') + redactor.flush();
        for (const each of hidden) expect(shown).not.toContain(each);
      }),
      { numRuns: 2000 },
    );
  });

  it('masks what was cut in the middle, and holds back no more than the longest secret', () => {
    const redactor = new Redactor(['hunter22', 'hunter22-long-form']);
    expect(redactor.push('pass=hun')).toBe('pass=');
    expect(redactor.push('ter22')).toBe('');
    expect(redactor.push(' and on')).toBe('*** and on');
    expect(redactor.flush()).toBe('');
  });

  it('masks a secret of several lines line by line too', () => {
    const key = '-----BEGIN KEY-----\r\nMIIEvQIBADANBg\r\n-----END KEY-----\r\n';
    expect(redact('key: MIIEvQIBADANBg.', [key])).toBe('key: ***.');
  });

  it('takes secrets as they are, not as patterns, and leaves very short ones alone', () => {
    expect(redact('a.b.c.d xyz (x|y)*', ['.b.c', '(x|y)*', 'xyz'])).toBe('a***.d xyz ***');
  });
});
