import { createHash } from 'node:crypto';

/** Numbers that look random and are the same wherever the same seed is used. */
export interface Random {
  /** From 0 up to, but without, 1. */
  next(): number;
  /** A whole number from 0 up to, but without, `below`. */
  whole(below: number): number;
}

/** @param seed whatever tells this use from others: seed, record, variant */
export function randomOf(seed: string): Random {
  const digest = createHash('sha256').update(seed).digest();
  let state = digest.readUInt32LE(0);
  // The mulberry32 generator: small, quick, and good enough to choose words by.
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return { next, whole: (below) => Math.floor(next() * below) };
}

/** `count` different indexes below `length`, in ascending order. */
export function chooseIndexes(random: Random, length: number, count: number): number[] {
  const indexes = Array.from({ length }, (_, index) => index);
  const chosen: number[] = [];
  while (chosen.length < count && indexes.length > 0) {
    chosen.push(...indexes.splice(random.whole(indexes.length), 1));
  }
  return chosen.sort((a, b) => a - b);
}
