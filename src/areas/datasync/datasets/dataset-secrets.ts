/** Salts of a dataset's transformations: they lie in the vault, and go to the loads of that dataset alone. */
import { sealSecrets, showSecrets } from '../../../connections/sealing.ts';
import type { SecretDraft, SecretOwner, Vault } from '../../../connections/vault.ts';
import type { Json } from '../../../protocol/executor.ts';
import { referencesIn } from '../../../protocol/secret-refs.ts';
import type { LeasedRun } from '../../../protocol/worker.ts';
import type { Queryable } from '../../../store/store.ts';
import { shownForm } from '../job-secrets.ts';
import { LOAD_KIND } from '../kinds.ts';
import { datasetByName } from './queries/dataset.ts';

export function datasetOwner(id: number): SecretOwner {
  return `dataset:${id}`;
}

/** @throws AppError `validation` naming the field: a mask, or a reference */
export function sealTransformations(transformations: Json[] | undefined, draft: SecretDraft): Json[] | null {
  if (transformations === undefined) return null;
  const sealed = sealSecrets({ transformations }, null, { shownForm, seal: draft.seal });
  return (sealed as { readonly transformations: Json[] }).transformations;
}

/** As they are answered. */
export function shownTransformations(transformations: Json[] | null): Json[] | null {
  if (transformations === null) return null;
  return (showSecrets({ transformations }, shownForm) as { readonly transformations: Json[] }).transformations;
}

/**
 * Puts the secrets of datasets into the loads that were just leased. The vault has put the runs' own into them before;
 * what is left is the dataset's, whichever of its name there is now: one that was made anew has other secrets.
 */
export async function openDatasetSecrets(db: Queryable, vault: Vault, runs: LeasedRun[]): Promise<LeasedRun[]> {
  const open = async (run: LeasedRun): Promise<LeasedRun> => {
    if (run.kind !== LOAD_KIND || referencesIn(run.spec).size === 0) return run;
    const { destination } = run.spec as { readonly destination?: { readonly name?: string } };
    const dataset = destination?.name === undefined ? undefined : await datasetByName(db, destination.name);
    return dataset ? { ...run, spec: await vault.reveal(db, datasetOwner(dataset.id), run.spec as Json) } : run;
  };
  return Promise.all(runs.map(open));
}
