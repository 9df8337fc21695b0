import { hash, type Options, parseOptions, verify } from '@node-rs/argon2';
import { invalidField } from '../kernel/errors.ts';
import { COMMON_PASSWORDS } from './common-passwords.gen.ts';
import { foldPassword, MAX_PASSWORD_BYTES, MIN_PASSWORD_LENGTH, normalizePassword } from './password-rules.ts';

/** OWASP's first choice for argon2id; some 15 ms of one core here. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 } as const satisfies Options;

/**
 * Of a random password nobody knows. Verified when there is no such user, so that the answer takes as long as for a
 * user who exists. Its parameters must be COST's.
 */
const NOBODY = '$argon2id$v=19$m=19456,t=2,p=1$n6aDuGP4VB9efd4Ohy1hoA$94Il3dYEhs2pE4nbFdzcBNL0XuVpdi/13H+buyBo58g';

/** Hashes at once: each holds 19 MiB and a thread that file and name lookups need too. The others wait in line. */
const MAX_HASHING = 2;
let hashing = 0;
const waiting: (() => void)[] = [];

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (hashing >= MAX_HASHING) await new Promise<void>((resolve) => waiting.push(resolve));
  else hashing += 1;
  try {
    return await work();
  } finally {
    // The place is handed on, not given back, so that nobody can slip in between.
    const next = waiting.shift();
    if (next) next();
    else hashing -= 1;
  }
}

const common: ReadonlySet<string> = new Set(COMMON_PASSWORDS.split('\n').filter((entry) => entry !== ''));

/** What is wrong with a new password, in words for its author; undefined when it may be used. */
export function passwordProblem(password: string): string | undefined {
  if (Buffer.byteLength(password) > MAX_PASSWORD_BYTES) return `must be at most ${MAX_PASSWORD_BYTES} bytes long`;
  if ([...normalizePassword(password)].length < MIN_PASSWORD_LENGTH) {
    return `must be at least ${MIN_PASSWORD_LENGTH} characters long`;
  }
  if (common.has(foldPassword(password))) return 'is one of the most common passwords; choose another';
  return undefined;
}

/**
 * @param field the request's field, for the error
 * @returns the hash in PHC form
 * @throws AppError `validation` when the password may not be used
 */
export async function hashNewPassword(password: string, field = 'password'): Promise<string> {
  const problem = passwordProblem(password);
  if (problem !== undefined) throw invalidField(field, problem);
  return hashPassword(password);
}

/** Hashes as the present parameters say, without judging the password. */
export async function hashPassword(password: string): Promise<string> {
  return inTurn(() => hash(normalizePassword(password), COST));
}

/**
 * @param stored the user's hash, or undefined when there is no such user: false then too, and after the same work
 */
export async function verifyPassword(stored: string | undefined, password: string): Promise<boolean> {
  // Too long to have been accepted ever; cut, so that the work does not grow with what a stranger sends.
  const tooLong = Buffer.byteLength(password) > MAX_PASSWORD_BYTES;
  const candidate = tooLong ? '' : normalizePassword(password);
  const matches = await inTurn(() => verify(stored ?? NOBODY, candidate));
  return matches && stored !== undefined && !tooLong;
}

/** Whether a hash was made with other parameters than today's, and should be made anew when the password is at hand. */
export function isOutdated(stored: string): boolean {
  const options = parseOptions(stored);
  return Object.entries(COST).some(([name, value]) => options[name as keyof typeof COST] !== value);
}
