import { isDeepStrictEqual } from 'node:util';
import { CliFailure } from '../failure.ts';
import type { Client } from '../remote/client.ts';
import { findTaskByName, type TaskView } from '../remote/tasks.ts';
import type { TaskDocument } from './parse.ts';

export interface Applied {
  readonly name: string;
  readonly id: number | null;
  readonly action: 'created' | 'updated' | 'unchanged';
  /** The fields that differed from what was there. */
  readonly changed: readonly string[];
}

/** The document's fields that are not already as it says. Fields it does not name stay as they are. */
function differing(document: TaskDocument, existing: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const entries = Object.entries(document.fields);
  return Object.fromEntries(
    entries.filter(([field, value]) => !isDeepStrictEqual(existing[field] ?? null, value ?? null)),
  );
}

async function applyTask(client: Client, document: TaskDocument, dryRun: boolean): Promise<Applied> {
  const { name, fields } = document;
  const existing = await findTaskByName(client, name);
  if (!existing) {
    if (dryRun) return { name, id: null, action: 'created', changed: [] };
    const { id } = await client.request<TaskView>('POST', '/api/tasks', { body: fields });
    return { name, id, action: 'created', changed: [] };
  }
  const body = differing(document, { ...existing });
  const changed = Object.keys(body);
  if (changed.length === 0) return { name, id: existing.id, action: 'unchanged', changed };
  if (!dryRun) await client.request('PUT', `/api/tasks/${existing.id}`, { body });
  return { name, id: existing.id, action: 'updated', changed };
}

/**
 * Makes each task that is not there by its name, and changes those that differ; again and again with the same outcome.
 * @param dryRun only tell what would be done
 * @throws CliFailure that names the document which the server refused; the ones before it are applied
 */
export async function applyDocuments(
  client: Client,
  documents: readonly TaskDocument[],
  dryRun: boolean,
): Promise<Applied[]> {
  const applied: Applied[] = [];
  for (const document of documents) {
    try {
      applied.push(await applyTask(client, document, dryRun));
    } catch (error) {
      if (!(error instanceof CliFailure)) throw error;
      throw new CliFailure(error.exit, `${document.origin} (task ${document.name}): ${error.message}`, {
        details: error.details,
        requestId: error.requestId,
        cause: error,
      });
    }
  }
  return applied;
}
