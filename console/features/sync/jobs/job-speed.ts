/** How many records were done at a moment, in milliseconds. */
export interface Sample {
  readonly at: number;
  readonly done: number;
}

/** Over how long the speed is taken, in milliseconds: long enough that batches do not make it jump. */
const WINDOW_MS = 15_000;

/** @returns `samples` and the new one, less what is too old; begun anew when fewer records are done than before */
export function addSample(samples: readonly Sample[], sample: Sample): readonly Sample[] {
  const last = samples.at(-1);
  if (last && sample.done < last.done) return [sample];
  if (last && sample.at <= last.at) return [...samples.slice(0, -1), { ...last, done: sample.done }];
  const first = samples.findIndex(({ at }) => at >= sample.at - WINDOW_MS);
  return [...(first < 0 ? [] : samples.slice(first)), sample];
}

/** Records a second; undefined while nobody can tell yet, or nothing moves. */
export function speedOf(samples: readonly Sample[]): number | undefined {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last || last.at === first.at || last.done === first.done) return undefined;
  return ((last.done - first.done) / (last.at - first.at)) * 1000;
}
