/** Work that one row may cause in one expression or pattern; generous for honest ones, milliseconds for all others. */
const UNITS = 100_000;
/** Characters that are handled for one unit: copying text is much cheaper than deciding something. */
const CHARACTERS_A_UNIT = 64;
/** Longest text that an expression may make, in UTF-16 units. */
const LONGEST_TEXT = 1_000_000;
/** Most entries of a list that an expression may make. */
const LONGEST_LIST = 10_000;

/** A row needs more work, or makes more text, than it may. */
export class BudgetError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BudgetError';
  }
}

/**
 * Bounds what a row may cost. One belongs to each expression or pattern and is filled again for each row, so what runs
 * is bounded whatever the data is, without a clock.
 */
export class Budget {
  #left = UNITS;

  refill(): void {
    this.#left = UNITS;
  }

  /** @throws BudgetError when it is used up */
  spend(units: number): void {
    this.#left -= units;
    if (this.#left < 0) throw new BudgetError('this takes too many steps for one row');
  }

  /** Pays for reading or making `length` characters. */
  spendText(length: number): void {
    this.spend(1 + length / CHARACTERS_A_UNIT);
  }

  /** @returns `text`, paid for; check with `refuseText` before making what may be huge */
  text(text: string): string {
    this.refuseText(text.length);
    this.spendText(text.length);
    return text;
  }

  refuseText(length: number): void {
    if (length > LONGEST_TEXT) throw new BudgetError(`this makes a text of more than ${LONGEST_TEXT} characters`);
  }

  refuseList(length: number): void {
    if (length > LONGEST_LIST) throw new BudgetError(`this makes a list of more than ${LONGEST_LIST} entries`);
  }
}
