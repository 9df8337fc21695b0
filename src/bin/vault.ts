import { openDatasetSecrets } from '../areas/datasync/datasets/dataset-secrets.ts';
import { tellTakeovers } from '../areas/datasync/takeover.ts';
import { deriveKey } from '../auth/master-key.ts';
import { Vault } from '../connections/vault.ts';
import { type WarehouseSettings, warehousePassword, warehouseUrl } from '../connections/warehouse.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Json } from '../protocol/executor.ts';
import type { LeasedRun } from '../protocol/worker.ts';
import type { Store } from '../store/store.ts';

interface VaultSettings {
  readonly store: Store;
  readonly masterKey: Buffer;
  readonly logger: Logger;
  readonly warehouse: WarehouseSettings;
}

/** Where the warehouse is, as a process with this master key reaches it. */
export function warehouseSettings(
  masterKey: Buffer,
  where: Pick<WarehouseSettings, 'warehouseUrl' | 'directUrl'>,
): WarehouseSettings {
  return { ...where, password: warehousePassword(deriveKey(masterKey, 'warehouse v1')) };
}

/** The vault, as every process that leases runs from the database has it. */
export function openVault({ store, masterKey, logger, warehouse }: VaultSettings): Vault {
  const login = async (): Promise<Json> => ({ engine: 'postgresql', url: await warehouseUrl(store, warehouse) });
  return new Vault({
    key: deriveKey(masterKey, 'vault v1'),
    logger,
    wellKnown: new Map([['warehouse', login]]),
  });
}

/** What a run's worker is told beside what its definition says: secrets, and which runs it takes over from. */
export function specResolver(store: Store, vault: Vault): (runs: LeasedRun[]) => Promise<LeasedRun[]> {
  return async (runs) => tellTakeovers(store, await openDatasetSecrets(store, vault, await vault.resolve(store, runs)));
}
