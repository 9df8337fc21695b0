import createClient from 'openapi-fetch';
import type { paths as SyncPaths } from './datasync.gen.ts';
import type { paths } from './scheduler.gen.ts';
import { authorizedFetch } from './session.ts';

const options = { baseUrl: '/', fetch: authorizedFetch };

/** The scheduler's endpoints, typed by its OpenAPI document. */
export const client = createClient<paths>(options);

/** Those of data sync, whose answers have no envelope. */
export const syncClient = createClient<SyncPaths>(options);
