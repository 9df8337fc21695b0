import type { ConnectOptions } from '../../../connections/drivers/login.ts';
import type { Outbound } from '../../../connections/outbound.ts';
import type { Translator } from './datasets/translation.ts';

/** What the worker lends to the area's executors. */
export interface DatasyncTools {
  readonly outbound: Outbound;
  /** What database drivers may dial. */
  readonly guard: Pick<ConnectOptions, 'allowPrivate'>;
  /** The folder below which files are written. */
  readonly exportDir: string;
  /** For back-translation; absent where none is configured or installed. */
  readonly translator?: Translator | undefined;
}
