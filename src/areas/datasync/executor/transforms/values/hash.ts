import { hash } from 'node:crypto';

/** SHA-256 of `salt` and then `text`, in hex. */
export function sha256(text: string, salt: string): string {
  return hash('sha256', salt + text, 'hex');
}
