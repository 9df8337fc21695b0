import type { Budget } from '../budget.ts';
import { compileProgram, type Program } from './program.ts';

/** States that are kept; beyond it all are forgotten and made anew as they are needed. */
const MOST_STATES = 1000;
const MOST_MOVES = 20_000;
/** Places of a program that are looked at for one unit of a budget. */
const PLACES_A_UNIT = 16;

/** The set of places that a match can be at, all at once. */
interface State {
  readonly places: readonly number[];
  /** Whether a match ends here, and whether one does if the text ends here. */
  readonly accepts: boolean;
  readonly acceptsAtEnd: boolean;
  readonly ascii: (State | undefined)[];
  readonly others: Map<number, State>;
}

/**
 * A pattern, matched by an automaton whose states are made as texts need them: each character of a text is looked at
 * once, whatever the pattern. JavaScript's own expressions go back and try again, and one made for that (`(a+)+$`)
 * would hold up a worker for ever.
 */
export class Pattern {
  readonly #program: Program;
  readonly #search: Automaton;
  readonly #match: Automaton;

  /** @throws PatternError */
  constructor(source: string) {
    this.#program = compileProgram(source);
    this.#search = new Automaton(this.#program, true);
    this.#match = new Automaton(this.#program, false);
  }

  /**
   * Whether it occurs anywhere in `text`; begin it with ^ and end it with $ for the whole text.
   * @throws BudgetError
   */
  test(text: string, budget: Budget): boolean {
    budget.spendText(text.length);
    return this.#search.run(text, 0, budget, true) >= 0;
  }

  /**
   * Every match, from the left and each the longest, becomes `replacement`; empty matches stay as they are.
   * Looks at a text again where a long attempt comes to nothing; that is paid for.
   * @throws BudgetError
   */
  replaceAll(text: string, replacement: string, budget: Budget): string {
    if (!this.test(text, budget)) return text;
    let made = '';
    let kept = 0;
    for (let at = 0; at < text.length; ) {
      const end = this.#match.run(text, at, budget, false);
      if (end <= at) {
        at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
        continue;
      }
      made += text.slice(kept, at) + replacement;
      budget.refuseText(made.length);
      at = end;
      kept = end;
    }
    return budget.text(made + text.slice(kept));
  }
}

class Automaton {
  readonly #program: Program;
  readonly #restarts: boolean;
  #states = new Map<string, State>();
  #moves = 0;
  /** Where a run begins: at the text's first character, and at a later one. */
  #first: State | undefined;
  #later: State | undefined;
  /** What a closure has visited, by the round that visited it. */
  readonly #visited: Int32Array;
  #round = 0;

  /** @param restarts whether a match may begin at any character, or only at the first */
  constructor(program: Program, restarts: boolean) {
    this.#program = program;
    this.#restarts = restarts;
    this.#visited = new Int32Array(program.instructions.length);
  }

  /**
   * @param anyEnd whether the end of any match will do, instead of that of the longest
   * @returns where it ends; -1 for no match
   */
  run(text: string, from: number, budget: Budget, anyEnd: boolean): number {
    let state = this.#begin(from === 0);
    let found = -1;
    let at = from;
    while (at < text.length) {
      if (state.accepts) {
        found = at;
        if (anyEnd) return at;
      }
      if (state.places.length === 0) break;
      const unit = text.charCodeAt(at);
      const code = unit >= 0xd800 && unit <= 0xdbff ? (text.codePointAt(at) ?? unit) : unit;
      state = (code < 128 ? state.ascii[code] : state.others.get(code)) ?? this.#move(state, code, budget);
      at += code > 0xffff ? 2 : 1;
    }
    // A search has paid for the whole text; an attempt pays for what it looked at.
    if (!anyEnd) budget.spendText(at - from);
    return at === text.length && state.acceptsAtEnd ? at : found;
  }

  #move(state: State, code: number, budget: Budget): State {
    const { instructions, entry } = this.#program;
    budget.spend(1 + instructions.length / PLACES_A_UNIT);
    const targets: number[] = [];
    for (const place of state.places) {
      const instruction = instructions[place];
      if (instruction?.op === 'char' && instruction.test(code)) targets.push(instruction.next);
    }
    if (this.#restarts) targets.push(entry);
    if (this.#moves >= MOST_MOVES || this.#states.size >= MOST_STATES) {
      this.#states = new Map();
      this.#moves = 0;
      this.#first = undefined;
      this.#later = undefined;
    }
    const next = this.#stateOf(this.#closure(targets, false));
    this.#moves += 1;
    if (code < 128) state.ascii[code] = next;
    else state.others.set(code, next);
    return next;
  }

  /** All places that are reached from these without reading on: those that read, end anchors and the end. */
  #closure(targets: readonly number[], atStart: boolean): number[] {
    this.#round += 1;
    const open = [...targets];
    const places: number[] = [];
    for (let place = open.pop(); place !== undefined; place = open.pop()) {
      if (this.#visited[place] === this.#round) continue;
      this.#visited[place] = this.#round;
      const instruction = this.#program.instructions[place];
      if (instruction?.op === 'split') open.push(...instruction.ways);
      else if (instruction?.op === 'start') {
        if (atStart) open.push(instruction.next);
      } else places.push(place);
    }
    return places.sort((a, b) => a - b);
  }

  #begin(atStart: boolean): State {
    const known = atStart ? this.#first : this.#later;
    if (known) return known;
    const state = this.#stateOf(this.#closure([this.#program.entry], atStart));
    if (atStart) this.#first = state;
    else this.#later = state;
    return state;
  }

  #stateOf(places: readonly number[]): State {
    const key = places.join(',');
    const known = this.#states.get(key);
    if (known) return known;
    const accepts = this.#acceptsIn(places);
    const state: State = {
      places,
      accepts,
      acceptsAtEnd: accepts || this.#acceptsIn(this.#behindEnds(places)),
      ascii: new Array<State | undefined>(128),
      others: new Map(),
    };
    this.#states.set(key, state);
    return state;
  }

  #acceptsIn(places: readonly number[]): boolean {
    return places.some((place) => this.#program.instructions[place]?.op === 'accept');
  }

  /** What is reached from `places` when the text is over; an end anchor may stand before another. */
  #behindEnds(places: readonly number[]): number[] {
    const reached: number[] = [];
    const seen = new Set<number>();
    const open = [...places];
    for (let place = open.pop(); place !== undefined; place = open.pop()) {
      if (seen.has(place)) continue;
      seen.add(place);
      const instruction = this.#program.instructions[place];
      if (instruction?.op === 'end') open.push(...this.#closure([instruction.next], false));
      else reached.push(place);
    }
    return reached;
  }
}
