import { useSyncExternalStore } from 'react';

const STORED = 'longshore.files';
/** As many as somebody looks for again. */
const KEPT = 20;

const listeners = new Set<() => void>();

function read(): readonly string[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(STORED) ?? '[]');
    return Array.isArray(stored) ? stored.filter((id): id is string => typeof id === 'string') : [];
  } catch {
    return [];
  }
}

let files = read();

function write(next: readonly string[]): void {
  files = next;
  localStorage.setItem(STORED, JSON.stringify(next));
  for (const listener of listeners) listener();
}

/** Puts a file before all others. The server has no list of them: each browser knows those that it has sent. */
export function rememberFile(id: string): void {
  write([id, ...files.filter((one) => one !== id)].slice(0, KEPT));
}

export function forgetFile(id: string): void {
  write(files.filter((one) => one !== id));
}

/** The ids of the files that were sent from this browser, the latest first. */
export function useRecentFiles(): readonly string[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => files,
  );
}
