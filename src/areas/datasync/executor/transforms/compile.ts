import type { FieldProblem } from '../../../../kernel/errors.ts';
import { ExecutorError } from '../../../../protocol/executor.ts';
import type { Column, Reject, Row, Transform, TransformOutcome } from '../pipeline/contracts.ts';
import { copyOf } from './fields.ts';
import type { Transformation, Transformations } from './spec.ts';
import {
  type FieldTypes,
  type Findings,
  type Flow,
  RunFailure,
  type Step,
  StepError,
  type StepOptions,
} from './step.ts';
import { dedupe } from './steps/dedupe.ts';
import { computed, filter } from './steps/expressions.ts';
import { fieldMapping } from './steps/field-mapping.ts';
import { flatten } from './steps/flatten.ts';
import { typeConversion } from './steps/type-conversion.ts';
import { validation } from './steps/validation.ts';
import { valueTransform } from './steps/value-transform.ts';

/** What was done to the values of a field that did not fit: how often, and the reason of the first. */
export interface TransformNote {
  /** Which transformation, such as `transformations[1] (type_conversion)`. */
  readonly where: string;
  readonly field: string;
  readonly message: string;
  readonly count: number;
}

export interface CompiledTransforms extends Transform {
  /**
   * Whether rows are judged by rows before them: an attempt that goes on in the middle of its source knows less than
   * one that has read all of it.
   */
  readonly remembers: boolean;
  /**
   * The columns whose type is known at the end: those of the source that stay what they are, under their new names, and
   * those that are converted. What it does not name shows itself in the rows.
   */
  columns(source: readonly Column[]): Column[];
  /** What was noted so far, for the run's log. */
  notes(): TransformNote[];
}

/**
 * Compiles a job's transformations, which fit their schema, for one attempt of a run.
 * @param options `now`: what `now()` gives, the same for every attempt of a run; the present unless told
 * @throws ExecutorError, not retryable, naming the field such as `transformations[2].config.expression`
 */
export function compileTransforms(spec: Transformations, options: Partial<StepOptions> = {}): CompiledTransforms {
  const now = options.now ?? new Date();
  const steps = spec.map((transformation, index) => {
    try {
      return compileStep(transformation, { now });
    } catch (error) {
      if (!(error instanceof StepError)) throw error;
      throw new ExecutorError(`transformations[${index}].config.${indexed(error.field)}: ${error.message}`, {
        retryable: false,
      });
    }
  });
  return new Chain(
    steps,
    spec.map(({ type }, index) => `transformations[${index}] (${type})`),
  );
}

/** `rules.0.value` as `rules[0].value`. */
function indexed(path: string): string {
  return path.replaceAll(/\.(\d+)(?=\.|$)/g, '[$1]');
}

/**
 * What is wrong with transformations that fit their schema; nothing when they can be compiled. Of each, the first.
 * `field` is a path in the job, such as `transformations.2.config.expression`.
 */
export function checkTransforms(spec: Transformations): FieldProblem[] {
  const now = new Date();
  return spec.flatMap((transformation, index) => {
    try {
      compileStep(transformation, { now });
      return [];
    } catch (error) {
      if (!(error instanceof StepError)) throw error;
      return [{ field: `transformations.${index}.config.${error.field}`, message: error.message }];
    }
  });
}

function compileStep({ type, config }: Transformation, options: StepOptions): Step {
  switch (type) {
    case 'field_mapping':
      return fieldMapping(config);
    case 'type_conversion':
      return typeConversion(config);
    case 'value_transform':
      return valueTransform(config);
    case 'filter':
      return filter(config, options);
    case 'computed':
      return computed(config, options);
    case 'flatten':
      return flatten(config);
    case 'dedupe':
      return dedupe(config);
    case 'validation':
      return validation(config, options);
  }
}

class Chain implements CompiledTransforms {
  readonly remembers: boolean;
  readonly idle: boolean;
  readonly #steps: readonly Step[];
  readonly #names: readonly string[];
  readonly #notes = new Notes();

  /** @param names of the steps, for what they find */
  constructor(steps: readonly Step[], names: readonly string[]) {
    this.#steps = steps;
    this.#names = names;
    this.idle = steps.length === 0;
    this.remembers = steps.some((step) => step.remembers);
  }

  /** The `raw` of rejects is left empty: whoever holds the batch has the records as they came. */
  apply(rows: readonly Row[], ordinals: readonly number[]): TransformOutcome {
    // One copy for all steps that set fields, instead of one for each.
    const edited = this.#steps.some((step) => step.edits);
    const flow: Flow = { rows: edited ? rows.map(copyOf) : [...rows], places: rows.map((_, at) => at) };
    const rejects: Reject[] = [];
    for (const [index, step] of this.#steps.entries()) {
      const name = this.#names[index] ?? '';
      try {
        step.apply(flow, this.#findings(name, ordinals, rejects));
      } catch (error) {
        if (!(error instanceof RunFailure)) throw error;
        return { rows: [], ordinals: [], rejects, failure: `${name}: ${error.message}` };
      }
    }
    return { rows: flow.rows, ordinals: flow.places.map((place) => ordinals[place] ?? place), rejects };
  }

  columns(source: readonly Column[]): Column[] {
    const types = this.#steps.reduce<FieldTypes>(
      (before, step) => step.types?.(before) ?? before,
      new Map(source.map(({ name, type }) => [name, type])),
    );
    return [...types].map(([name, type]) => ({ name, type }));
  }

  notes(): TransformNote[] {
    return this.#notes.all();
  }

  #findings(name: string, ordinals: readonly number[], rejects: Reject[]): Findings {
    return {
      reject: (place, reason, field) => {
        rejects.push({ ordinal: ordinals[place] ?? place, reason: `${name}: ${reason}`, field, raw: '' });
      },
      note: (field, message) => this.#notes.add(name, field, message),
    };
  }
}

/** Counted by field; the first message stands for those that follow. */
class Notes {
  readonly #byField = new Map<string, TransformNote & { count: number }>();

  add(where: string, field: string, message: string): void {
    const key = `${where}\n${field}`;
    const known = this.#byField.get(key);
    if (known) known.count += 1;
    else this.#byField.set(key, { where, field, message, count: 1 });
  }

  all(): TransformNote[] {
    return [...this.#byField.values()].map((note) => ({ ...note }));
  }
}
