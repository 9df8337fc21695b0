import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

interface LockedPackage {
  readonly version?: string;
  readonly link?: boolean;
  readonly dependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
}

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  packages: Record<string, LockedPackage>;
};

/** As Node resolves: from the package's own folder upwards. */
function findLocked(from: string, name: string): LockedPackage | undefined {
  for (let base = from; ; base = base.slice(0, Math.max(base.lastIndexOf('/node_modules/'), 0))) {
    const found = packages[base === '' ? `node_modules/${name}` : `${base}/node_modules/${name}`];
    if (found || base === '') return found;
  }
}

// npm leaves packages of other platforms out of the lock file when it cannot reach them while installing, and "npm ci"
// then refuses the whole file, everywhere.
it('locks every dependency of every package, those for other platforms too', () => {
  const missing: string[] = [];
  let checked = 0;
  for (const [from, locked] of Object.entries(packages)) {
    for (const name of Object.keys({ ...locked.dependencies, ...locked.optionalDependencies })) {
      checked += 1;
      const found = findLocked(from, name);
      if (!found?.version && !found?.link) missing.push(`${name}, which ${from || 'the root'} needs`);
    }
  }
  expect(checked).toBeGreaterThan(300);
  expect(missing).toEqual([]);
});

it('names no registry', () => {
  expect(readFileSync('package-lock.json', 'utf8')).not.toMatch(/"resolved": "https?:/);
});
