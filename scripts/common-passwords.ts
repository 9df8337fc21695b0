/**
 * Makes src/auth/common-passwords.gen.ts from the ranked list in @zxcvbn-ts/language-common (MIT; see NOTICE).
 *
 * Only entries that are long enough to be accepted otherwise are kept: the shorter ones are refused by their length.
 */
import { writeFile } from 'node:fs/promises';
import { dictionary } from '@zxcvbn-ts/language-common';
import { foldPassword, MIN_PASSWORD_LENGTH } from '../src/auth/password-rules.ts';

const output = new URL('../src/auth/common-passwords.gen.ts', import.meta.url);

const ranked = dictionary['passwords-common'];
const entries = [...new Set(ranked.map((password) => foldPassword(password)))]
  .filter((password) => [...password].length >= MIN_PASSWORD_LENGTH)
  .sort();
if (entries.length < 1000 || entries.some((entry) => entry.includes('\n'))) {
  throw new Error('The list is not what it was: look at it before you commit it.');
}

await writeFile(
  output,
  `// Made by scripts/common-passwords.ts; do not edit. Of ${ranked.length} common passwords, the ${entries.length} that are long enough.
// Source: @zxcvbn-ts/language-common, MIT, Copyright (c) 2012-2016 Dan Wheeler and Dropbox, Inc., (c) 2021 @zxcvbn-ts.
export const COMMON_PASSWORDS: string = \`
${entries.join('\n').replace(/[\\`$]/g, '\\$&')}
\`;
`,
);
