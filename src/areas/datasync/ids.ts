import { Type } from 'typebox';
import { notFound } from '../../kernel/errors.ts';

/** The area's ids: a prefix that tells what it is, and the number that it is stored under. */
const PREFIXES = {
  job: 'job_',
  run: 'run_',
  conflict: 'conf_',
  file: 'file_',
  request: 'req_',
  dataset: 'ds_',
  event: 'evt_',
} as const;
export type IdKind = keyof typeof PREFIXES;

export function idOf(kind: IdKind, number: number): string {
  return `${PREFIXES[kind]}${number}`;
}

/** @returns undefined for what is no id of this kind */
export function readId(kind: IdKind, id: string): number | undefined {
  const prefix = PREFIXES[kind];
  const digits = id.startsWith(prefix) ? id.slice(prefix.length) : '';
  return /^[1-9]\d{0,15}$/.test(digits) && Number.isSafeInteger(Number(digits)) ? Number(digits) : undefined;
}

/** @throws AppError `not_found` for what is no id of this kind: there is no such thing */
export function numberOf(kind: IdKind, id: string): number {
  const number = readId(kind, id);
  if (number === undefined) throw notFound(`${kind} ${id}`);
  return number;
}

/** Of a path. What it names may not exist; that is for the use case to say. */
export const PathId = Type.String({ minLength: 1, maxLength: 100 });
