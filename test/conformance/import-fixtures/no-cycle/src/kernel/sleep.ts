import type { Clock } from './clock.ts';

export type Sleep = (clock: Clock) => void;
