import { appendFileSync } from 'node:fs';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { Reporter, TestCase, TestModule, TestSuite, Vitest } from 'vitest/node';

const NO_REASON = 'no reason given';

/**
 * Skips that CI cannot mend, by their reason. Everything else is installed there, so with LONGSHORE_CI_STRICT=1 any
 * other skip is a failure: a test that silently stops running looks like one that passes.
 */
const BEYOND_CI: readonly { readonly reason: RegExp; readonly because: string }[] = [
  { reason: /^child processes cannot be supervised here/, because: 'the kernel decides whether there are cgroups' },
  { reason: /^processes are not counted by cgroup here$/, because: 'the kernel decides which counters there are' },
  { reason: /^mounting is not permitted$/, because: 'a container decides whether its root may mount' },
  { reason: /^another user cannot read this checkout$/, because: 'the checkout may lie in a folder of root' },
];

interface Skips {
  readonly reason: string;
  readonly tests: TestCase[];
}

/** What `context.skip(…)` was told; a whole `describe` can only carry its reason in its name: "(skipped: …)", "(needs …)". */
function reasonOf(test: TestCase): string {
  const result = test.result();
  const note = result.state === 'skipped' ? result.note : undefined;
  return note ?? /\((?:skipped:? |(?=needs ))(.+?)\)(?: >|$)/.exec(test.fullName)?.[1] ?? NO_REASON;
}

/** Of a hook that failed, or of a file that does not load. What stands below did not run for that reason alone. */
const broke = (folder: TestModule | TestSuite) => folder.errors().length > 0;

function standsBelowBroken(test: TestCase): boolean {
  for (let folder: TestModule | TestSuite = test.parent; ; folder = folder.parent) {
    if (broke(folder)) return true;
    if (folder.type === 'module') return false;
  }
}

function skipsByReason(modules: readonly TestModule[]): Skips[] {
  const skips = new Map<string, TestCase[]>();
  for (const module of modules) {
    for (const test of module.children.allTests('skipped')) {
      if (standsBelowBroken(test)) continue;
      const reason = reasonOf(test);
      skips.set(reason, [...(skips.get(reason) ?? []), test]);
    }
  }
  return [...skips].map(([reason, tests]) => ({ reason, tests }));
}

function passed(modules: readonly TestModule[]): number {
  return modules.reduce((sum, module) => sum + [...module.children.allTests('passed')].length, 0);
}

/** What an error says, on one line and short enough for a list. */
function summary(error: unknown): string {
  const message =
    typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : `${error}`;
  return stripVTControlCharacters(message).replaceAll(/\s+/g, ' ').slice(0, 500);
}

/** A line for each test that failed, each file or hook that did, and each error that no test can be blamed for. */
function failures(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): string[] {
  const lines: string[] = [];
  for (const module of modules) {
    const file = path.relative('.', module.moduleId);
    for (const test of module.children.allTests('failed')) {
      lines.push(`${file} > ${test.fullName}: ${summary(test.result().errors?.[0])}`);
    }
    for (const folder of [module, ...module.children.allSuites()].filter(broke)) {
      lines.push(`${file}${folder.type === 'module' ? '' : ` > ${folder.fullName}`}: ${summary(folder.errors()[0])}`);
    }
  }
  return [...lines, ...unhandledErrors.map((error) => `not within a test: ${summary(error)}`)];
}

/**
 * Says at the end of a run which tests were skipped and why, and makes a skip that CI should not have a failure.
 *
 * With LONGSHORE_TEST_TALLY naming a file, appends to it a line `<passed> <failed>` of the run, and below it one with
 * `! <test>: <error>` for each failure.
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
    const tally = process.env.LONGSHORE_TEST_TALLY;
    if (tally) {
      const failed = failures(modules, unhandledErrors);
      const skipped = unexpected.map(({ reason, tests }) => `${tests.length} skipped: ${reason}`);
      const lines = [
        `${passed(modules)} ${failed.length + refused}`,
        ...[...failed, ...skipped].map((line) => `! ${line}`),
      ];
      appendFileSync(tally, `${lines.join('\n')}\n`);
    }
  }
}
