/** Loads that have failed for good, tried again by hand. */
import { recordAudit } from '../../auth/audit.ts';
import type { Actor } from '../../auth/identity.ts';
import { getRun } from '../../engine/runs.ts';
import { AppError, notFound } from '../../kernel/errors.ts';
import type { Json } from '../../protocol/executor.ts';
import { blobStays } from '../../store/blobs.ts';
import type { Tx } from '../../store/store.ts';
import { idOf, numberOf } from './ids.ts';
import { AREA } from './kinds.ts';
import { isForgotten, type PushView, viewOf } from './push.ts';
import { enqueueLoadOf } from './push-load.ts';
import { loadLater } from './queries/load_later.ts';
import {
  type PushRequestRow,
  pushRequestGet,
  pushRequestLock,
  pushRequestOfFile,
  pushRequestReloaded,
} from './queries/push_request.ts';

/** What this needs to know of what a load was told. */
type LoadSpec = {
  readonly [field: string]: Json;
  readonly destination: { readonly [field: string]: Json; readonly mode: string };
};

/** @throws AppError `not_found`, `conflict` unless its load has failed, its bytes are kept, and it would undo no later one */
export async function retryPushRequest(tx: Tx, actor: Actor, id: string): Promise<PushView> {
  const number = numberOf('request', id);
  return retry(tx, actor, await pushRequestGet(tx, number), `request ${id}`);
}

/** @throws AppError as `retryPushRequest` */
export async function retryFile(tx: Tx, actor: Actor, id: string): Promise<PushView> {
  const number = numberOf('file', id);
  return retry(tx, actor, await pushRequestOfFile(tx, number), `file ${id}`);
}

/**
 * By a run of its own, which goes on behind what the failed one has committed where rows are appended. It is the last in
 * its dataset's order: what has come since is loaded already, and was not to wait for somebody to look at this.
 */
async function retry(tx: Tx, actor: Actor, found: PushRequestRow | undefined, name: string): Promise<PushView> {
  // Two at one moment: the second one sees that the first has begun it.
  const row = found && (await pushRequestLock(tx, found.id));
  if (!row || isForgotten(row)) throw notFound(name);
  const { id, run_id: former, blob_id: blobId, source } = row;
  const { status } = await viewOf(tx, row);
  if (status !== 'failed' || former === null || source === null) {
    throw new AppError('conflict', `${name} has not failed: it is ${status}`);
  }
  if (blobId === null || !(await blobStays(tx, blobId))) {
    throw new AppError('conflict', `the bytes of ${name} are no longer kept; send them again`);
  }
  const spec = (await getRun(tx, AREA, former)).spec as LoadSpec;
  const { mode } = spec.destination;
  // Built anew from this alone, the dataset would lose what came since.
  const later = mode === 'overwrite' ? await loadLater(tx, source, former) : undefined;
  if (later !== undefined) throw wouldReplace(name, source, later);
  const runId = await enqueueLoadOf(tx, actor, source, { ...spec, takes_over: spec.takes_over ?? former });
  await pushRequestReloaded(tx, id, { former, runId, goesOn: mode === 'append' });
  const details = { run: runId, former };
  await recordAudit(tx, actor, { action: 'sync_push.retry', target: `sync_push:${id}`, details });
  const again = await pushRequestGet(tx, id);
  if (!again) throw new Error(`request ${id} is gone`);
  return viewOf(tx, again);
}

function wouldReplace(name: string, source: string, later: number): AppError {
  const since = `records have come into ${source} since (${idOf('run', later)})`;
  const mend = 'upload it again if it is to replace them too, or with mode append or upsert to add to them';
  return new AppError('conflict', `${name} is to overwrite the dataset, and ${since}; ${mend}`);
}
