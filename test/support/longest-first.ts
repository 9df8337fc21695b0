import type { TestSpecification } from 'vitest/node';
import { BaseSequencer } from 'vitest/node';

/** Folders whose files take long, for they start processes, browsers and servers, the longest first. */
const LONG = ['/test/chaos/', '/test/e2e/', '/src/cli/'];

function turnOf({ moduleId }: TestSpecification): number {
  const at = LONG.findIndex((folder) => moduleId.includes(folder));
  return at < 0 ? LONG.length : at;
}

/** A file that takes minutes and begins last is waited for alone: the other workers have nothing left to do. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.sort((one, other) => turnOf(one) - turnOf(other));
  }
}
