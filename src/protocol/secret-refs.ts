import { type AppError, invalidField } from '../kernel/errors.ts';
import type { Json } from './executor.ts';
import { MASK } from './secret-names.ts';

/*
 * What stands for a sealed value in a definition at rest. Only the server writes references: a client that sends one is
 * refused, and for anybody but its owner it means nothing.
 */

/** A type, not an interface: it is Json too. */
export type SecretRef = {
  readonly $secret: string;
  /** What answers show in its place; the mask unless told. */
  readonly shown?: string;
};

const KEY = '$secret';
const PARTS: readonly string[] = [KEY, 'shown'];

export function isSecretRef(value: unknown): value is SecretRef {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { $secret, shown } = value as Record<string, unknown>;
  // Asked of every part of every spec that is leased: most say no here.
  if (typeof $secret !== 'string') return false;
  return (shown === undefined || typeof shown === 'string') && Object.keys(value).every((key) => PARTS.includes(key));
}

/** What answers show in place of a sealed value. */
export function shownText({ shown = MASK }: SecretRef): string {
  return shown;
}

/** The ids of all references in `value`, each once. */
export function referencesIn(value: unknown, found: Set<string> = new Set()): Set<string> {
  if (typeof value !== 'object' || value === null) return found;
  if (isSecretRef(value)) found.add(value.$secret);
  else for (const part of Object.values(value)) referencesIn(part, found);
  return found;
}

/** `value` with what `replace` makes of each of its references; undefined leaves one as it is. */
export function replaceReferences(value: Json, replace: (reference: SecretRef) => Json | undefined): Json {
  if (typeof value !== 'object' || value === null) return value;
  if (isSecretRef(value)) {
    const replacement = replace(value);
    // null may be the secret.
    return replacement === undefined ? value : replacement;
  }
  if (Array.isArray(value)) return value.map((part) => replaceReferences(part, replace));
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, replaceReferences(part, replace)]));
}

/** `value` as it may be shown. */
export function maskReferences(value: Json): Json {
  return replaceReferences(value, shownText);
}

/**
 * For what a client sends and a spec takes along: one that named the secrets of the installation would be given them.
 * @param field the name of `value`, for the error; none for a whole body
 * @throws AppError `validation` naming the field that holds the key of references
 */
export function refuseReferences(value: unknown, field = ''): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, part] of Object.entries(value)) {
    if (key === KEY && !Array.isArray(value)) throw reservedKey(field || 'body');
    refuseReferences(part, field === '' ? key : `${field}.${key}`);
  }
}

/** @returns the error for a field that holds the key of references */
export function reservedKey(field: string): AppError {
  return invalidField(field, `must not hold the key ${KEY}, which stands for stored secrets; give the secret itself`);
}

export function isReservedKey(key: string): boolean {
  return key === KEY;
}
