import { appendFileSync } from 'node:fs';
import path from 'node:path';
import type { Reporter, TestCase, TestModule, Vitest } from 'vitest/node';

const NO_REASON = 'no reason given';

/**
 * Skips that CI cannot mend, by their reason. Everything else is installed there, so with LONGSHORE_CI_STRICT=1 any
 * other skip is a failure: a test that silently stops running looks like one that passes.
 */
const BEYOND_CI: readonly { readonly reason: RegExp; readonly because: string }[] = [
  { reason: /^child processes cannot be supervised here/, because: 'the kernel decides whether there are cgroups' },
  { reason: /^mounting is not permitted$/, because: 'a container decides whether its root may mount' },
  { reason: /^another user cannot read this checkout$/, because: 'the checkout may lie in a folder of root' },
];

interface Skips {
  readonly reason: string;
  readonly tests: TestCase[];
}

/** What `context.skip(…)` was told; a whole `describe` can only carry its reason in its name: "(skipped: …)". */
function reasonOf(test: TestCase): string {
  const result = test.result();
  const note = result.state === 'skipped' ? result.note : undefined;
  return note ?? /\(skipped:? (.+?)\)(?: >|$)/.exec(test.fullName)?.[1] ?? NO_REASON;
}

function skipsByReason(modules: readonly TestModule[]): Skips[] {
  const skips = new Map<string, TestCase[]>();
  for (const module of modules) {
    for (const test of module.children.allTests('skipped')) {
      const reason = reasonOf(test);
      skips.set(reason, [...(skips.get(reason) ?? []), test]);
    }
  }
  return [...skips].map(([reason, tests]) => ({ reason, tests }));
}

function count(modules: readonly TestModule[], state: 'passed' | 'failed'): number {
  return modules.reduce((sum, module) => sum + [...module.children.allTests(state)].length, 0);
}

/**
 * Says at the end of a run which tests were skipped and why, and makes a skip that CI should not have a failure.
 *
 * With LONGSHORE_TEST_TALLY naming a file, appends to it a line `<passed> <failed>` of the run.
 */
export default class SkipReporter implements Reporter {
  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const strict = process.env.CI === 'true' && process.env.LONGSHORE_CI_STRICT === '1';
    // With -t, what was not asked for counts as skipped too; that is no news.
    const skips = this.#vitest?.config.testNamePattern ? [] : skipsByReason(modules);
    const excuse = (reason: string) => BEYOND_CI.find((known) => known.reason.test(reason))?.because;
    const unexpected = strict ? skips.filter(({ reason }) => excuse(reason) === undefined) : [];
    for (const { reason, tests } of skips) {
      const because = excuse(reason);
      console.log(`\nSkipped ${tests.length}: ${reason}${because === undefined ? '' : ` (${because})`}`);
      for (const test of tests) console.log(`  ${path.relative('.', test.module.moduleId)} > ${test.fullName}`);
    }
    const refused = unexpected.reduce((sum, { tests }) => sum + tests.length, 0);
    if (refused > 0) {
      console.log(
        `\n${refused} skipped for want of what CI installs: ${unexpected.map(({ reason }) => reason).join('; ')}`,
      );
      process.exitCode = 1;
    }
    // A file that does not even load has no tests that could fail.
    const broken = modules.filter((module) => module.state() === 'failed' && module.errors().length > 0).length;
    const tally = process.env.LONGSHORE_TEST_TALLY;
    if (tally) {
      const failed = count(modules, 'failed') + broken + unhandledErrors.length + refused;
      appendFileSync(tally, `${count(modules, 'passed')} ${failed}\n`);
    }
  }
}
