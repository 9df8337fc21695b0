/** What the process's exit code says to a script. `longshore help exit-codes` prints this very table. */
export const EXIT_CODES = {
  ok: { code: 0, meaning: 'done' },
  failed: { code: 1, meaning: 'the operation failed (with --wait or --follow: the run did not succeed)' },
  usage: { code: 2, meaning: 'the command line, a setting or a value in the request is wrong' },
  unreachable: { code: 3, meaning: 'the server or the database cannot be reached' },
  forbidden: { code: 4, meaning: 'not signed in, or not allowed' },
  notFound: { code: 5, meaning: 'there is no such thing' },
  conflict: { code: 6, meaning: 'not possible in the present state' },
  interrupted: { code: 130, meaning: 'interrupted by Ctrl-C; what runs on the server goes on' },
} as const;

export type Exit = keyof typeof EXIT_CODES;

/** The table as `longshore help exit-codes` shows it. */
export function exitCodesText(): string {
  const lines = Object.values(EXIT_CODES).map(({ code, meaning }) => `  ${String(code).padStart(3)}  ${meaning}`);
  return ['Exit codes:', ...lines].join('\n');
}
