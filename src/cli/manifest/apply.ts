import { isDeepStrictEqual } from 'node:util';
import { CliFailure } from '../failure.ts';
import type { Client } from '../remote/client.ts';
import { findSyncJobByName, JOBS_PATH } from '../remote/sync-jobs.ts';
import { findTaskByName } from '../remote/tasks.ts';
import { findWebhookByName, type NewWebhookView, WEBHOOKS_PATH } from '../remote/webhooks.ts';
import type { DocumentKind, ManifestDocument } from './parse.ts';

export interface Applied {
  readonly kind: DocumentKind;
  readonly name: string;
  readonly id: number | string | null;
  readonly action: 'created' | 'updated' | 'unchanged';
  /** The fields that differed from what was there. */
  readonly changed: readonly string[];
  /** Of a webhook that was made: shown this once. */
  readonly secret?: string;
}

type Fields = Readonly<Record<string, unknown>>;

/** How the things of one kind are found, made and changed. */
interface Kind {
  /** As the server shows it: its id, and its fields in the words of a document. */
  find(client: Client, name: string): Promise<{ readonly id: number | string; readonly fields: Fields } | undefined>;
  /** What is compared with what the server shows: absent parts as it fills them in. */
  filledIn?(fields: Fields): Fields;
  create(client: Client, fields: Fields): Promise<{ readonly id: number | string; readonly secret?: string }>;
  update(client: Client, id: number | string, changes: Fields): Promise<void>;
}

const task: Kind = {
  async find(client, name) {
    const found = await findTaskByName(client, name);
    return found && { id: found.id, fields: { ...found } };
  },
  create: (client, body) => client.request('POST', '/api/tasks', { body }),
  update: (client, id, body) => client.request('PUT', `/api/tasks/${id}`, { body }),
};

/** A schedule as the server shows it. */
function shownSchedule(schedule: unknown): unknown {
  if (typeof schedule !== 'object' || schedule === null || !('type' in schedule)) return schedule;
  if (schedule.type === 'cron') return { timezone: 'UTC', ...schedule };
  if (schedule.type !== 'once' || !('at' in schedule)) return schedule;
  const at = new Date(String(schedule.at));
  return Number.isNaN(at.getTime()) ? schedule : { ...schedule, at: at.toISOString() };
}

const syncJob: Kind = {
  async find(client, name) {
    const found = await findSyncJobByName(client, name);
    return found && { id: found.id, fields: await client.get<Fields>(`${JOBS_PATH}/${found.id}`) };
  },
  filledIn: (fields) => ('schedule' in fields ? { ...fields, schedule: shownSchedule(fields.schedule) } : fields),
  create: (client, body) => client.request('POST', JOBS_PATH, { body }),
  update: (client, id, body) => client.request('PUT', `${JOBS_PATH}/${id}`, { body }),
};

const webhook: Kind = {
  async find(client, name) {
    const found = await findWebhookByName(client, name);
    return found && { id: found.id, fields: { ...found } };
  },
  create: (client, body) => client.request<NewWebhookView>('POST', WEBHOOKS_PATH, { body }),
  async update(_client, id, changes) {
    throw new CliFailure(
      'conflict',
      `A webhook cannot be changed (${Object.keys(changes).join(', ')}): its senders rely on it. Delete ${id} first, or give this one another name.`,
    );
  },
};

const KINDS: Readonly<Record<DocumentKind, Kind>> = { task, sync_job: syncJob, webhook };

/** The document's fields that are not already as it says. Fields it does not name stay as they are. */
function differing(kind: Kind, fields: Fields, existing: Fields): Fields {
  const compared = kind.filledIn?.(fields) ?? fields;
  const entries = Object.entries(fields);
  return Object.fromEntries(
    entries.filter(([field]) => !isDeepStrictEqual(existing[field] ?? null, compared[field] ?? null)),
  );
}

async function applyDocument(client: Client, document: ManifestDocument, dryRun: boolean): Promise<Applied> {
  const { name, fields } = document;
  const kind = KINDS[document.kind];
  const common = { kind: document.kind, name };
  const existing = await kind.find(client, name);
  if (!existing) {
    if (dryRun) return { ...common, id: null, action: 'created', changed: [] };
    const { id, secret } = await kind.create(client, fields);
    return { ...common, id, action: 'created', changed: [], ...(secret === undefined ? {} : { secret }) };
  }
  const { id } = existing;
  const changes = differing(kind, fields, existing.fields);
  const changed = Object.keys(changes);
  if (changed.length === 0) return { ...common, id, action: 'unchanged', changed };
  if (!dryRun) await kind.update(client, id, changes);
  return { ...common, id, action: 'updated', changed };
}

/**
 * Makes what is not there by its name, and changes what differs; again and again with the same outcome.
 * @param dryRun only tell what would be done
 * @throws CliFailure that names the document which the server refused; the ones before it are applied
 */
export async function applyDocuments(
  client: Client,
  documents: readonly ManifestDocument[],
  dryRun: boolean,
): Promise<Applied[]> {
  const applied: Applied[] = [];
  for (const document of documents) {
    try {
      applied.push(await applyDocument(client, document, dryRun));
    } catch (error) {
      if (!(error instanceof CliFailure)) throw error;
      const what = `${document.kind.replace('_', ' ')} ${document.name}`;
      throw new CliFailure(error.exit, `${document.origin} (${what}): ${error.message}`, {
        details: error.details,
        requestId: error.requestId,
        cause: error,
      });
    }
  }
  return applied;
}
