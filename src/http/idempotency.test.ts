import { Type } from 'typebox';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHttpAssembly, type HttpAssembly, testArea } from '../../test/support/http-server.ts';
import { createApiKey } from '../auth/api-keys.ts';
import { ensureAdmin } from '../auth/first-admin.ts';
import { systemIdentity } from '../auth/identity.ts';
import { AppError } from '../kernel/errors.ts';
import { plainDialect } from './answers.ts';
import type { App } from './area.ts';
import type { Idempotency } from './idempotency.ts';
import { pruneIdempotencyKeys } from './queries/idempotency_key_prune.ts';

let http: HttpAssembly;
let key: string;
/** Holds the next effect under way until the test lets it go. */
let gate: Promise<void> = Promise.resolve();
let entered: () => void = () => undefined;

async function newKey(): Promise<string> {
  const made = await http.database.store.transaction((tx) =>
    createApiKey(tx, { identity: systemIdentity('test') }, 'key', { name: 'k', permissions: ['view'], ownerId: 1 }),
  );
  return made.secret;
}

function register(app: App, idempotency: Idempotency): void {
  const body = Type.Object({ name: Type.String() });
  app.post('/api/things', { config: { access: 'authenticated' }, schema: { body } }, (request, reply) =>
    idempotency.send(request, reply, async (tx) => {
      const [row] = await tx.query<{ id: number }>('INSERT INTO public.things (name) VALUES ($1) RETURNING id', [
        request.body.name,
      ]);
      entered();
      await gate;
      if (request.body.name === 'refused') throw new AppError('conflict', 'not this one');
      return { status: 201, body: { id: row?.id ?? 0, secret: 'sk_shown_once' } };
    }),
  );
}

beforeAll(async () => {
  http = await createHttpAssembly({
    areas: ({ idempotency }) => [testArea((app) => register(app, idempotency), plainDialect)],
  });
  const { store } = http.database;
  await store.query('CREATE TABLE public.things (id bigint GENERATED ALWAYS AS IDENTITY, name text)');
  await ensureAdmin(store, { password: 'a password for tests', dataDir: '/nowhere' });
  key = await newKey();
});
afterAll(() => http.app.close());

function post(name: string, idempotencyKey?: string, apiKey = key) {
  return http.app.inject({
    method: 'POST',
    url: '/api/things',
    payload: { name },
    headers: { 'x-api-key': apiKey, ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }) },
  });
}

async function count(name: string): Promise<number> {
  const [row] = await http.database.store.query<{ n: number }>(
    'SELECT count(*) AS n FROM public.things WHERE name = $1',
    [name],
  );
  return row?.n ?? 0;
}

describe('Idempotency-Key', () => {
  test('without one every request has its effect', async () => {
    await post('plain');
    await post('plain');
    expect(await count('plain')).toBe(2);
  });

  test('a repeat gets the first answer, and has no effect', async () => {
    const first = await post('once', 'key-1');
    const second = await post('once', 'key-1');
    expect([first.statusCode, second.statusCode]).toEqual([201, 201]);
    expect(second.json()).toEqual(first.json());
    expect([first.headers['idempotent-replayed'], second.headers['idempotent-replayed']]).toEqual([undefined, 'true']);
    expect(await count('once')).toBe(1);
  });

  test('repeats that come while the first is under way wait for it', async () => {
    let open: () => void = () => undefined;
    gate = new Promise((resolve) => {
      open = resolve;
    });
    const begun = new Promise<void>((resolve) => {
      entered = resolve;
    });
    const first = post('race', 'key-2');
    await begun;
    const repeats = [post('race', 'key-2'), post('race', 'key-2')];
    open();
    const answers = await Promise.all([first, ...repeats]);
    gate = Promise.resolve();
    expect(answers.map((answer) => answer.statusCode)).toEqual([201, 201, 201]);
    expect(new Set(answers.map((answer) => answer.json().id)).size).toBe(1);
    expect(await count('race')).toBe(1);
  });

  test('409 for the same key with another body; another identity has keys of its own', async () => {
    await post('mine', 'key-3');
    const other = await post('not mine', 'key-3');
    expect([other.statusCode, other.json().error.details[0].field]).toEqual([409, 'Idempotency-Key']);
    expect((await post('theirs', 'key-3', await newKey())).statusCode).toBe(201);
    expect([await count('not mine'), await count('theirs')]).toEqual([0, 1]);
  });

  test('a refused request keeps no key: corrected, it may use it', async () => {
    expect((await post('refused', 'key-4')).statusCode).toBe(409);
    expect((await post('accepted', 'key-4')).statusCode).toBe(201);
    expect(await count('refused')).toBe(0);
  });

  test.each(['', ' ', 'a b', 'x'.repeat(256)])('400 for the key %j', async (text) => {
    const answer = await post('bad key', text);
    expect([answer.statusCode, answer.json().error.details[0].field]).toEqual([400, 'Idempotency-Key']);
  });

  test('after a day the key is free again, pruned or not', async () => {
    const { store } = http.database;
    const age = "UPDATE longshore.idempotency_keys SET created_at = now() - interval '25 hours' WHERE key = $1";
    await post('daily', 'key-5');
    await store.query(age, ['key-5']);
    expect((await post('daily', 'key-5')).headers['idempotent-replayed']).toBeUndefined();
    expect(await count('daily')).toBe(2);
    await store.query(age, ['key-5']);
    expect(await pruneIdempotencyKeys(store, 100)).toBe(1);
    expect((await post('daily again', 'key-5')).statusCode).toBe(201);
  });

  test('what is kept cannot be read off the database', async () => {
    await post('sealed', 'key-6');
    const [row] = await http.database.store.query<{ answer: string }>(
      "SELECT answer FROM longshore.idempotency_keys WHERE key = 'key-6'",
    );
    expect(row?.answer).toBeTruthy();
    expect(Buffer.from(row?.answer ?? '', 'base64').toString('latin1')).not.toContain('sk_shown_once');
  });
});
