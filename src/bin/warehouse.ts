import type { Warehouse } from '../areas/datasync/datasets/warehouse.ts';
import { type WarehouseSettings, warehouseUrl } from '../connections/warehouse.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Service } from '../kernel/service.ts';
import { Store } from '../store/store.ts';

/** For its catalogue alone: records are read over connections of their own. */
const POOL_SIZE = 4;

/** The warehouse, as the routes of a server use it. Nothing is dialled before the first question. */
export async function openWarehouse(
  store: Store,
  settings: WarehouseSettings,
  logger: Logger,
): Promise<{ readonly warehouse: Warehouse; readonly service: Service }> {
  const url = await warehouseUrl(store, settings);
  const pool = new Store({ url, poolSize: POOL_SIZE, logger, applicationName: 'longshore datasets' });
  return {
    warehouse: { store: pool, login: { engine: 'postgresql', url } },
    service: { name: 'warehouse', start: async () => {}, stop: () => pool.close() },
  };
}
