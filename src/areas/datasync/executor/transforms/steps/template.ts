/** Texts, and fields whose values go between them. */
export type Template = readonly (string | { readonly field: string })[];

/**
 * Takes `Dear {first_name} {{{id}}}` apart: `{name}` is a field or a path to one, `{{` and `}}` are braces.
 * @throws RangeError in words for the user
 */
export function templateOf(source: string): Template {
  const parts: (string | { field: string })[] = [];
  let text = '';
  for (let at = 0; at < source.length; ) {
    const character = source.charAt(at);
    if (character !== '{' && character !== '}') {
      text += character;
      at += 1;
    } else if (source.charAt(at + 1) === character) {
      text += character;
      at += 2;
    } else {
      const end = source.indexOf('}', at);
      const field = character === '{' && end > 0 ? source.slice(at + 1, end).trim() : '';
      if (field === '') {
        throw new RangeError(`position ${at + 1}: a brace alone is written twice; a field stands in {name}`);
      }
      parts.push(text, { field });
      text = '';
      at = end + 1;
    }
  }
  return [...parts, text].filter((part) => part !== '');
}
