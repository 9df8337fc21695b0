import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { AppError, UsageError } from '../../kernel/errors.ts';
import { explainFailure } from './failure.ts';

const explain = (said: string) => explainFailure('the embedded PostgreSQL did not start', tmpdir(), new Error(said));

it('says what to mend where the user has no name, as containers with any user id have none', async () => {
  const failure = await explain(
    'initdb failed: initdb: error: could not look up effective user ID 54321: user does not exist',
  );
  expect(failure).toBeInstanceOf(UsageError);
  expect(failure.message).toMatch(/^DATABASE_URL: .*user id 54321.*\/etc\/passwd/);
});

it('repeats the line that tells why, of all that a server said', async () => {
  const failure = await explain('LOG:  starting\nFATAL:  could not map anonymous shared memory\nLOG:  shut down\n');
  expect(failure).toBeInstanceOf(AppError);
  expect(failure.message).toContain('did not start: FATAL:  could not map anonymous shared memory');
});
