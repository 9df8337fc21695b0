/** The area's name in the engine. */
export const AREA = 'datasync';
/** What a sync job's runs are. */
export const SYNC_KIND = 'data_sync';
/** A part of a sync job's run, by one of several runs. */
export const PARTITION_KIND = 'sync_partition';
/** A file, push or webhook that came in. */
export const LOAD_KIND = 'file_load';
