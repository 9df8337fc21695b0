/** What the address of the list of datasets says. */
export interface DatasetListSearch {
  readonly page?: number;
  readonly search?: string;
  /** The least quality score, in percent. */
  readonly quality?: number;
}

/** Keeps of an address's query what the list of datasets understands. */
export function datasetListSearch({ page, search, quality }: Record<string, unknown>): DatasetListSearch {
  return {
    ...(typeof page === 'number' && Number.isInteger(page) && page > 1 ? { page } : {}),
    // The router reads a search for digits as a number.
    ...((typeof search === 'string' && search !== '') || typeof search === 'number' ? { search: String(search) } : {}),
    ...(typeof quality === 'number' && quality > 0 && quality <= 100 ? { quality } : {}),
  };
}
