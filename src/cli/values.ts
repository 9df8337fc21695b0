import { readFile } from 'node:fs/promises';
import { InvalidArgumentError } from 'commander';
import { CliFailure } from './failure.ts';
import { readStandardInput } from './terminal/prompt.ts';

/** Parser of a whole number from `min` on. */
export function wholeNumber(min: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < min) {
      throw new InvalidArgumentError(`It must be a whole number, at least ${min}.`);
    }
    return value;
  };
}

/** Collector of an option that may be given several times. */
export function repeated(text: string, earlier: string[] | undefined): string[] {
  return [...(earlier ?? []), text];
}

/** Collector of an option that takes several words, separated by commas or given again. */
export function listed(text: string, earlier: string[] | undefined): string[] {
  const words = text.split(',').map((word) => word.trim());
  return [...(earlier ?? []), ...words.filter((word) => word !== '')];
}

/** Collector of repeated `NAME<separator>value` pairs. */
export function pairs(separator: '=' | ':') {
  return (text: string, earlier: Record<string, string> | undefined): Record<string, string> => {
    const at = text.indexOf(separator);
    if (at < 1) throw new InvalidArgumentError(`It must look like name${separator}value.`);
    return { ...earlier, [text.slice(0, at).trim()]: text.slice(at + 1).trimStart() };
  };
}

/** `-` is standard input, `@path` (or a bare path, with `bare`) a file; anything else is the text itself. */
export async function textOrFile(given: string, options: { bare?: boolean } = {}): Promise<string> {
  if (given === '-') return readStandardInput();
  if (!given.startsWith('@') && !options.bare) return given;
  const file = given.replace(/^@/, '');
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new CliFailure('usage', `Cannot read ${file}: ${(error as Error).message}`);
  }
}
