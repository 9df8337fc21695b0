/** What is wrong with an expression, or went wrong in it for a row; in words for the user. */
export class ExpressionError extends Error {
  /** Where in the source, in UTF-16 units from 0. */
  readonly position: number;

  constructor(position: number, message: string) {
    super(`position ${position + 1}: ${message}`);
    this.name = 'ExpressionError';
    this.position = position;
  }
}
