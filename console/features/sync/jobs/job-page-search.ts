export const JOB_TABS = ['overview', 'preview', 'runs', 'log', 'quarantine', 'conflicts', 'definition'] as const;
export type JobTab = (typeof JOB_TABS)[number];

/** What the address of a job's page says: the tab, and the page of the list in it. */
export interface JobPageSearch {
  readonly tab?: JobTab;
  readonly page?: number;
}

/** Keeps of an address's query what a job's page understands. */
export function jobPageSearch({ tab, page }: Record<string, unknown>): JobPageSearch {
  const known = JOB_TABS.find((one) => one === tab);
  return {
    ...(known && known !== 'overview' ? { tab: known } : {}),
    ...(typeof page === 'number' && Number.isInteger(page) && page > 1 ? { page } : {}),
  };
}
