/** What a check of `longshore doctor` has found. */
export interface Finding {
  readonly check: string;
  readonly result: 'ok' | 'warn' | 'fail';
  readonly found: string;
  /** What mends it; null where nothing needs to be. */
  readonly mend: string | null;
}

export function ok(check: string, found: string): Finding {
  return { check, result: 'ok', found, mend: null };
}

export function bad(check: string, result: 'warn' | 'fail', found: string, mend: string): Finding {
  return { check, result, found, mend };
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
