import { readdirSync } from 'node:fs';
import path from 'node:path';
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import extractDepcruiseOptions from 'dependency-cruiser/config-utl/extract-depcruise-options';
import { describe, expect, it } from 'vitest';

const FIXTURES = path.resolve('test/conformance/import-fixtures');

const options = await extractDepcruiseOptions('./.dependency-cruiser.mjs');
const rules = (options.ruleSet?.forbidden ?? []).map((rule) => rule.name ?? '(unnamed)');

async function violations(folders: string[], baseDir?: string): Promise<{ modules: number; found: string[] }> {
  const { output } = await cruise(folders, { ...options, ...(baseDir === undefined ? {} : { baseDir }) });
  const { summary, modules } = output as ICruiseResult;
  const found = summary.violations.map((violation) => `${violation.rule.name}: ${violation.from} -> ${violation.to}`);
  return { modules: modules.length, found };
}

describe('the rooms', () => {
  it('import what the table allows and nothing else', async () => {
    const { modules, found } = await violations(['src', 'console']);
    // A cruise that reads nothing, or does not see TypeScript, would find nothing too.
    expect(modules).toBeGreaterThan(60);
    expect(found).toEqual([]);
  });
});

describe('the rules', () => {
  it('have a fixture each', () => {
    expect(readdirSync(FIXTURES).sort()).toEqual([...rules].sort());
  });

  it.each(rules)('%s refuses its fixture, and no other rule does', async (rule) => {
    const { found } = await violations(['src'], path.join(FIXTURES, rule));
    expect(new Set(found.map((line) => line.split(':')[0]))).toEqual(new Set([rule]));
  });
});
