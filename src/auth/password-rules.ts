export const MIN_PASSWORD_LENGTH = 10;
/** Bytes of UTF-8: keeps a request from buying long hashing with a long password. */
export const MAX_PASSWORD_BYTES = 1024;

/** One form for what different keyboards send for the same characters; hashed and compared in this form. */
export function normalizePassword(password: string): string {
  return password.normalize('NFC');
}

/** The form in which passwords are compared with the common ones: `Password123` is no better than `password123`. */
export function foldPassword(password: string): string {
  return password.normalize('NFKC').toLowerCase();
}
