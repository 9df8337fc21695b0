import { deriveKey } from '../auth/master-key.ts';
import { Vault } from '../connections/vault.ts';
import type { Logger } from '../kernel/logger.ts';

/** The vault, as every process that leases runs from the database has it. */
export function openVault(masterKey: Buffer, logger: Logger): Vault {
  return new Vault({ key: deriveKey(masterKey, 'vault v1'), logger });
}
