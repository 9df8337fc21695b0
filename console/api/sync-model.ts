import type { components, paths } from './datasync.gen.ts';

/** The things of data sync, by the names that the console uses. */
type Schemas = components['schemas'];

export type SyncJobItem = Schemas['SyncJobItem'];
export type SyncJob = Schemas['SyncJob'];
export type SyncJobCreate = Schemas['SyncJobCreate'];
export type SyncJobUpdate = Schemas['SyncJobUpdate'];
export type SyncStatus = SyncJobItem['status'];
export type ConnectorType = SyncJobItem['connector_type'];
export type SyncSchedule = NonNullable<SyncJobCreate['schedule']>;
export type SyncRun = Schemas['SyncRun'];
export type SyncPreview = Schemas['SyncPreview'];
export type SyncLogLine = Schemas['SyncJobLogs']['logs'][number];
export type Quarantined = Schemas['QuarantinedRecord'];
export type Conflict = Schemas['Conflict'];
export type ConflictResolution = Schemas['ConflictResolution'];
export type DatasetItem = Schemas['DatasetItem'];
export type Dataset = Schemas['Dataset'];
export type DatasetRecords = Schemas['DatasetRecords'];
export type UploadedFile = Schemas['UploadedFile'];
export type LoadedFile = Schemas['File'];
export type ApiKey = Schemas['ApiKey'];
export type CreatedApiKey = Schemas['CreatedApiKey'];
export type ApiKeyCreate = Schemas['ApiKeyCreate'];
export type KeyPermission = ApiKeyCreate['permissions'][number];

type Query<Operation> = Operation extends { parameters: { query?: infer Fields } } ? NonNullable<Fields> : never;
export type LogLevel = NonNullable<Query<paths['/v1/sync/jobs/{job_id}/logs']['get']>['level']>;
export type DownloadFormat = NonNullable<Query<paths['/v1/sync/datasets/{dataset_id}/download']['get']>['format']>;

/** JSON of whatever shape: configurations, records. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [field: string]: Json;
}

/** @returns whether it is an object, and no list */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
