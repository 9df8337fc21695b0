import { readdirSync, readFileSync } from 'node:fs';
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

describe('the table of docs/architecture.md', () => {
  const rows = [...readFileSync('docs/architecture.md', 'utf8').matchAll(/^\| `(\w+)` \|[^|]*\| ([^|]+) \|$/gm)];
  const rooms = (options.ruleSet?.forbidden ?? []).filter((rule) => rule.name?.startsWith('room-'));

  it.each(rooms.map((rule) => [rule.name?.slice('room-'.length), rule] as const))(
    'says of %s what is enforced',
    (room, rule) => {
      const text = rows.find(([, name]) => name === room)?.[2] ?? 'absent';
      const documented = text === 'nothing of ours' ? [] : (text.split(';')[0] ?? '').split(', ');
      const allowed = ['to' in rule ? (rule.to.pathNot ?? []) : []]
        .flat()
        .map((path) => path.replace(/^\^src\/(.+)\/$/, '$1'));
      expect(new Set([room, ...documented])).toEqual(new Set(allowed));
    },
  );
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
