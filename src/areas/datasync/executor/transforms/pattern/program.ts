import { type CharTest, PatternError, type PatternNode, parsePattern } from './parse.ts';

/** One step of a nondeterministic automaton; numbers are places in the program. */
export type Instruction =
  | { readonly op: 'char'; readonly test: CharTest; next: number }
  | { readonly op: 'split'; readonly ways: number[] }
  | { readonly op: 'start' | 'end'; next: number }
  | { readonly op: 'accept' };

export interface Program {
  readonly instructions: readonly Instruction[];
  readonly entry: number;
}

/** Counted repeats are written out, so `(a{1000}){1000}` must stop somewhere. */
const MOST_INSTRUCTIONS = 2000;

/** @throws PatternError */
export function compileProgram(source: string): Program {
  const node = parsePattern(source);
  const instructions: Instruction[] = [];
  const add = (instruction: Instruction): number => {
    if (instructions.length >= MOST_INSTRUCTIONS) {
      throw new PatternError(0, 'it is too large; count fewer repeats');
    }
    return instructions.push(instruction) - 1;
  };
  const entry = emit(node, add({ op: 'accept' }), add);
  return { instructions, entry };
}

/** Writes what matches `node` and then goes on at `next`. @returns its entry */
function emit(node: PatternNode, next: number, add: (instruction: Instruction) => number): number {
  switch (node.kind) {
    case 'char':
      return add({ op: 'char', test: node.test, next });
    case 'start':
    case 'end':
      return add({ op: node.kind, next });
    case 'sequence':
      return node.parts.reduceRight((after, part) => emit(part, after, add), next);
    case 'either':
      return add({ op: 'split', ways: node.parts.map((part) => emit(part, next, add)) });
    case 'repeat':
      return emitRepeat(node, next, add);
  }
}

function emitRepeat(
  { part, least, most }: { part: PatternNode; least: number; most: number },
  next: number,
  add: (instruction: Instruction) => number,
): number {
  let entry = next;
  if (most === Infinity) {
    const ways = [next];
    entry = add({ op: 'split', ways });
    ways.push(emit(part, entry, add));
  } else {
    for (let count = least; count < most; count++) {
      entry = add({ op: 'split', ways: [emit(part, entry, add), next] });
    }
  }
  for (let count = 0; count < least; count++) entry = emit(part, entry, add);
  return entry;
}
