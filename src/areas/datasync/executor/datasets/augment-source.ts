/**
 * Augmentation as a source: a dataset's records, each followed by variants of it. So the pipeline does the rest as it
 * does for any other source: batches, resuming where rows were committed, progress.
 *
 * A variant is made by one strategy, which is drawn by seed and content: the same seed makes the same variants. Where a
 * strategy finds nothing to change, the next one is tried; a record in which none finds anything is repeated as it is,
 * so that the output has the size that was asked for, and that is said.
 */
import type { DatabaseLogin, UrlLogin } from '../../../../connections/drivers/login.ts';
import { ExecutorError, type Json, type RunContext } from '../../../../protocol/executor.ts';
import type { Batch, Column, ReadFrom, Row, Source } from '../pipeline/contracts.ts';
import { jsonOf } from '../pipeline/json-of.ts';
import type { AugmentationConfig, Strategy } from './augmentation-spec.ts';
import { type ChangedColumns, changedColumns } from './augmented-columns.ts';
import { jitter } from './jitter.ts';
import { type Random, randomOf } from './random.ts';
import { loadSynonyms, type Synonyms } from './synonyms.ts';
import { deleteWords, replaceSynonyms, swapWords } from './text-strategies.ts';
import type { Translator } from './translation.ts';
import { NO_TRANSLATOR } from './translator.ts';
import { inWarehouse } from './warehouse-session.ts';

/** Which record a variant is of: its place among the records as they were read, from 1; null in the records themselves. */
const ORIGINAL_COLUMN = '_augmented_from';
/** By which strategy. */
const STRATEGY_COLUMN = '_strategy';
const UNCHANGED = 'unchanged';

export interface AugmentSourceOptions {
  readonly base: Source;
  readonly config: AugmentationConfig;
  readonly login: DatabaseLogin | UrlLogin;
  readonly translator: Translator | undefined;
  readonly signal: AbortSignal;
  readonly log: RunContext['log'];
}

/** What variants are made with. */
interface Workshop {
  readonly columns: ChangedColumns;
  readonly synonyms: Synonyms;
  /** Back and forth, by original text. */
  readonly translated: ReadonlyMap<string, string>;
}

export function augmentSource(options: AugmentSourceOptions): Source {
  return new AugmentSource(options);
}

class AugmentSource implements Source {
  readonly #options: AugmentSourceOptions;
  #unchanged = 0;

  constructor(options: AugmentSourceOptions) {
    this.#options = options;
  }

  async columns(): Promise<readonly Column[]> {
    const own: Column[] = [
      { name: ORIGINAL_COLUMN, type: 'integer' },
      { name: STRATEGY_COLUMN, type: 'text' },
    ];
    const names = new Set(own.map(({ name }) => name));
    return [...((await this.#baseColumns()) ?? []).filter(({ name }) => !names.has(name)), ...own];
  }

  async total(from: ReadFrom): Promise<number | undefined> {
    const records = await this.#options.base.total?.(from);
    return records === undefined ? undefined : records * this.#options.config.multiplier;
  }

  async *read(from: ReadFrom): AsyncGenerator<Batch, Json | undefined> {
    const { base, config, log } = this.#options;
    const columns = await this.#choose();
    const synonyms = await loadSynonyms();
    const batches = base.read(from);
    for await (const batch of batches) {
      const translated = await this.#translate(batch.rows, columns);
      yield this.#augmented(batch, { columns, synonyms, translated });
    }
    if (this.#unchanged > 0) {
      log(
        'warning',
        `${this.#unchanged} variants are as their records are: no strategy (${config.strategies.join(', ')}) found anything to change in them`,
      );
    }
    return undefined;
  }

  async close(): Promise<void> {
    await this.#options.base.close();
  }

  async #baseColumns(): Promise<readonly Column[]> {
    return (await this.#options.base.columns?.()) ?? [];
  }

  async #choose(): Promise<ChangedColumns> {
    const { config, login, signal, log } = this.#options;
    const columns = await this.#baseColumns();
    const doing = `looking at the columns of ${config.table}`;
    const chosen = await inWarehouse(login, { signal }, doing, (session) => changedColumns(session, config, columns));
    const { texts, numbers, kept } = chosen;
    const usable = config.strategies.some((strategy) => (strategy === 'numeric_jitter' ? numbers : texts).length > 0);
    if (!usable) {
      throw new ExecutorError(
        `none of the columns can be changed by ${config.strategies.join(', ')}: ${kept.join(', ')} are ids, labels or of other types; name text_columns, or label_columns`,
        { retryable: false },
      );
    }
    log(
      'info',
      `variants differ in ${[...texts, ...numbers].join(', ')}; kept as they are: ${kept.join(', ') || 'none'}`,
    );
    return chosen;
  }

  /** All texts of a batch at once: a translator answers many as fast as one. */
  async #translate(rows: readonly Row[], { texts }: ChangedColumns): Promise<ReadonlyMap<string, string>> {
    const { translator, config, signal } = this.#options;
    if (!config.strategies.includes('back_translation') || config.multiplier === 1) return new Map();
    if (!translator) throw new ExecutorError(NO_TRANSLATOR, { retryable: false });
    const found = new Set<string>();
    for (const row of rows) {
      for (const name of texts) {
        const text = row[name];
        if (typeof text === 'string' && text.trim() !== '') found.add(text);
      }
    }
    return await translator.backAndForth([...found], config.pivot_language, signal);
  }

  #augmented(batch: Batch, workshop: Workshop): Batch {
    const { multiplier } = this.#options.config;
    const rows: Row[] = [];
    const ordinals: number[] = [];
    batch.rows.forEach((row, index) => {
      const ordinal = batch.ordinals[index] ?? 0;
      const identity = JSON.stringify(jsonOf(row));
      for (let variant = 0; variant < multiplier; variant += 1) {
        const made = variant === 0 ? { row, strategy: null } : this.#variant(row, identity, variant, workshop);
        const origin = variant === 0 ? null : ordinal + 1;
        rows.push({ ...made.row, [ORIGINAL_COLUMN]: origin, [STRATEGY_COLUMN]: made.strategy });
        ordinals.push(ordinal * multiplier + variant);
      }
    });
    return { ...batch, rows, ordinals };
  }

  #variant(row: Row, identity: string, variant: number, workshop: Workshop): { row: Row; strategy: string } {
    const { strategies, seed } = this.#options.config;
    const random = randomOf(JSON.stringify([seed, variant, identity]));
    const first = random.whole(strategies.length);
    for (let step = 0; step < strategies.length; step += 1) {
      const strategy = strategies[(first + step) % strategies.length];
      const changed = strategy && this.#apply(strategy, row, random, workshop);
      if (changed) return { row: changed, strategy };
    }
    this.#unchanged += 1;
    return { row, strategy: UNCHANGED };
  }

  /** @returns undefined when it changes nothing */
  #apply(strategy: Strategy, row: Row, random: Random, { columns, synonyms, translated }: Workshop): Row | undefined {
    const { jitter: part } = this.#options.config;
    let changed: Row | undefined;
    for (const name of strategy === 'numeric_jitter' ? columns.numbers : columns.texts) {
      const value = row[name];
      const other =
        strategy === 'numeric_jitter'
          ? jitter(value, part, random)
          : typeof value === 'string'
            ? changeText(strategy, value, random, synonyms, translated)
            : undefined;
      if (other === undefined || other === value) continue;
      changed ??= { ...row };
      changed[name] = other;
    }
    return changed;
  }
}

function changeText(
  strategy: Exclude<Strategy, 'numeric_jitter'>,
  text: string,
  random: Random,
  synonyms: Synonyms,
  translated: ReadonlyMap<string, string>,
): string | undefined {
  switch (strategy) {
    case 'synonym_replacement':
      return replaceSynonyms(text, random, synonyms);
    case 'random_swap':
      return swapWords(text, random);
    case 'random_deletion':
      return deleteWords(text, random);
    case 'back_translation':
      return translated.get(text);
  }
}
