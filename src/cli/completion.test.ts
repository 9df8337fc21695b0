import { execFileSync, spawnSync } from 'node:child_process';
import type { Command } from 'commander';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { completionScript } from './completion.ts';
import { createProgram } from './program.ts';

let program: Command;
beforeAll(async () => {
  program = await createProgram('all');
});

const isInstalled = (shell: string) => spawnSync(shell, ['-c', 'true']).status === 0;

/** What bash itself would offer for the last of `words`. */
function offered(...words: string[]): string[] {
  const script = `${completionScript(program, 'bash')}
    COMP_WORDS=(longshore "$@"); COMP_CWORD=$#
    _longshore
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['-c', script, 'bash', ...words], { encoding: 'utf8' })
    .split('\n')
    .filter(Boolean);
}

describe('bash', () => {
  beforeEach((context) => context.skip(!isInstalled('bash'), 'bash is not installed'));

  it('offers commands, then what they know', () => {
    expect(offered('ta')).toEqual(['task']);
    expect(offered('task', 'r')).toEqual(['runs', 'resume', 'run']);
    expect(offered('task', 'create', '--sch')).toEqual(['--schedule']);
    expect(offered('db', 'backup', '--out')).toEqual(['--output']);
  });

  it('finds the command behind options and their values', () => {
    expect(offered('--server', 'http://x', 'worker', 'dr')).toEqual(['drain']);
    expect(offered('task', 'show', 'nightly', '--no')).toEqual(['--no-color']);
  });
});

it('is a script that zsh accepts', (context) => {
  context.skip(!isInstalled('zsh'), 'zsh is not installed');
  expect(spawnSync('zsh', ['-n'], { input: completionScript(program, 'zsh'), encoding: 'utf8' }).stderr).toBe('');
});

it('offers the same in fish', (context) => {
  context.skip(!isInstalled('fish'), 'fish is not installed');
  const inFish = (line: string) => {
    const script = `${completionScript(program, 'fish')}\ncomplete -C '${line}'`;
    const { stdout, stderr } = spawnSync('fish', ['-c', script], { encoding: 'utf8' });
    expect(stderr).toBe('');
    return stdout.split('\n').flatMap((candidate) => candidate.split('\t')[0] || []);
  };
  expect(inFish('longshore ta')).toEqual(['task']);
  expect(inFish('longshore task ru')).toEqual(expect.arrayContaining(['run', 'runs']));
  expect(inFish('longshore task create --sch')).toEqual(['--schedule']);
  expect(inFish('longshore --server http://x worker dr')).toEqual(['drain']);
});
