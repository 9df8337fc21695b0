import { invalidField } from '../kernel/errors.ts';

/** Letters and digits of any script, then also `. _ @ + -`. */
const USERNAME = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}._@+-]{0,63}$/u;
const EMAIL = /^[^\s@\p{Cc}]+@[^\s@\p{Cc}]+$/u;

/** The form in which usernames are unique: `Ana`, `ana` and a full-width `ａｎａ` are one user. */
export function usernameKey(username: string): string {
  return username.normalize('NFKC').toLowerCase();
}

/** @throws AppError `validation` */
export function checkUsername(username: string): void {
  if (!USERNAME.test(username)) {
    throw invalidField('username', 'must be 1 to 64 letters, digits or . _ @ + - and begin with a letter or digit');
  }
}

/** @throws AppError `validation` */
export function checkEmail(email: string | null | undefined): void {
  if (email !== null && email !== undefined && (email.length > 254 || !EMAIL.test(email))) {
    throw invalidField('email', 'must be an address such as ana@example.com');
  }
}
