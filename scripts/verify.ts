/**
 * Everything that must hold before a change is merged, each part named. All parts run, even after one has failed: one
 * call tells all that is to mend.
 *
 *     npm run verify                 everything
 *     npm run verify:static          everything except the tests
 *     npm run verify -- types lint   these parts
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';

interface Part {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
}

const STATIC_PARTS: readonly Part[] = [
  { name: 'format', command: ['biome', 'format', '.'] },
  { name: 'lint', command: ['biome', 'lint', '--error-on-warnings', '.'] },
  { name: 'promises', command: ['oxlint', '--type-aware', '--deny-warnings'] },
  { name: 'types', command: ['tsc', '-p', '.'] },
  { name: 'console-types', command: ['npm', 'run', '--silent', 'typecheck', '-w', 'console'] },
  { name: 'imports', command: ['depcruise', '--config', '.dependency-cruiser.mjs', 'src', 'console'] },
  { name: 'dead-code', command: ['knip'] },
  { name: 'generated', command: ['npm', 'run', '--silent', 'generate', '--', '--check'] },
];
const PARTS: readonly Part[] = [...STATIC_PARTS, { name: 'tests', command: ['npm', 'test'] }];

const root = path.resolve(import.meta.dirname, '..');
// npm puts the tools' folder here; the script also works when it is called without npm.
const searchPath = [path.join(root, 'node_modules/.bin'), process.env.PATH].join(path.delimiter);

interface Outcome {
  readonly name: string;
  readonly passed: boolean;
  readonly seconds: number;
}

function check(part: Part): Outcome {
  console.log(`\n== ${part.name}: ${part.command.join(' ')}`);
  const begun = performance.now();
  const [program, ...args] = part.command;
  const { status, error } = spawnSync(program, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, PATH: searchPath },
  });
  if (error) console.error(error.message);
  return { name: part.name, passed: status === 0, seconds: (performance.now() - begun) / 1000 };
}

function select(names: readonly string[]): readonly Part[] {
  if (names.length === 0) return PARTS;
  if (names.length === 1 && names[0] === '--static') return STATIC_PARTS;
  const known = PARTS.map((part) => part.name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    console.error(`There is no part "${unknown}"; there are ${known.join(', ')}.`);
    process.exit(2);
  }
  return PARTS.filter((part) => names.includes(part.name));
}

const outcomes = select(process.argv.slice(2)).map(check);
console.log('');
for (const { name, passed, seconds } of outcomes) {
  console.log(`${passed ? 'passed' : 'FAILED'}  ${name.padEnd(14)} ${seconds.toFixed(1).padStart(6)} s`);
}
const failed = outcomes.filter((outcome) => !outcome.passed).length;
console.log(`\n${outcomes.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
