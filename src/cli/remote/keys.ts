export const KEYS_PATH = '/v1/sync/api-keys';

/** An API key as the server lists it. */
export interface KeyView {
  readonly id: string;
  readonly name: string;
  readonly permissions: string[];
  readonly expires_at: string | null;
  readonly last_used_at: string | null;
}

/** An API key as it is shown once, when it is made. */
export interface NewKeyView extends KeyView {
  readonly key: string;
}
