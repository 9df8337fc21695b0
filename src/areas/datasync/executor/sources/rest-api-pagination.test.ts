import { describe, expect, it } from 'vitest';
import { nextLink } from './rest-api-pagination.ts';

describe('a Link header', () => {
  it.each([
    ['<https://a.example/?page=2>; rel="next"', 'https://a.example/?page=2'],
    ['</a>; rel="prev", </b>; rel="next"', '/b'],
    ['</a>;rel=first,</b>;rel=next', '/b'],
    ['</a>; REL="last NEXT"', '/a'],
    ['</a,b;c>; rel = "next" ; title="x"', '/a,b;c'],
    ['</a>; title="; rel=next, </x>; rel=next", </b>; rel="next"', '/b'],
    ['</a>; title="say \\", rel=next"; rel=prev, </b>; rel=next', '/b'],
    ['</a>; rel="prev"; rel="next", </b>; rel="next"', '/b'],
    ['</a>; rev="next"; relx=next, <>; rel=next', ''],
  ])('%s leads to %s', (header, target) => {
    expect(nextLink(header)).toBe(target);
  });

  it.each([
    '',
    '</a>; rel="prev"',
    '</a>',
    'rel=next',
    '</a; rel=next',
    '</a>; rel="nextish"',
    '</a>; title="rel=next',
  ])('%j leads nowhere', (header) => {
    expect(nextLink(header)).toBeUndefined();
  });
});
