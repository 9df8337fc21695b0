import type { FunctionDefinition } from './definition.ts';
import { NUMBER_FUNCTIONS } from './number-functions.ts';
import { TEXT_FUNCTIONS } from './text-functions.ts';
import { TIME_FUNCTIONS } from './time-functions.ts';

/** All functions but `if` and `coalesce`, which do not evaluate all their parameters and so are the compiler's. */
export const FUNCTIONS: ReadonlyMap<string, FunctionDefinition> = new Map(
  [...TEXT_FUNCTIONS, ...NUMBER_FUNCTIONS, ...TIME_FUNCTIONS].map((definition) => [
    definition.usage.slice(0, definition.usage.indexOf('(')),
    definition,
  ]),
);
