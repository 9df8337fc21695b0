import { beforeAll, describe, expect, test } from 'vitest';
import { ADMIN_PASSWORD, startTestServer, type TestServer } from '../../../../test/support/api-server.ts';
import { systemIdentity } from '../../../auth/identity.ts';
import { createUser } from '../../../auth/users.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});

const PASSWORD = 'the first long password';

/** Without any identity, or with `token`. */
function call(method: string, path: string, body?: unknown, token = '') {
  return server.call(method, path, { token, body });
}

async function user(username: string) {
  const made = { username, password: PASSWORD, role: 'operator' };
  await server.store.transaction((tx) => createUser(tx, { identity: systemIdentity('test') }, made));
  return (await call('POST', '/auth/login', { username, password: PASSWORD })).body.data;
}

function failure(error: string, code: number) {
  return { status: 'error', error, message: expect.any(String), code, details: expect.any(Object) };
}

describe('POST /auth/login', () => {
  test('200 as the contract shows it', async () => {
    const answer = await call('POST', '/auth/login', { username: 'admin', password: ADMIN_PASSWORD });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      status: 'success',
      data: {
        access_token: expect.stringMatching(/^eyJ/),
        refresh_token: expect.any(String),
        token_type: 'Bearer',
        expires_in: 3600,
        user: { id: 1, username: 'admin', role: 'admin' },
      },
      message: expect.any(String),
    });
  });

  test('401 in the same words for a wrong password and an unknown name', async () => {
    const wrong = await call('POST', '/auth/login', { username: 'admin', password: 'Admin123' });
    const unknown = await call('POST', '/auth/login', { username: 'nobody', password: 'Admin123' });
    for (const answer of [wrong, unknown]) {
      expect([answer.status, answer.body]).toEqual([401, failure('AuthenticationError', 401)]);
    }
    expect(unknown.body.message).toBe(wrong.body.message);
  });

  test('422 names the fields; 400 for what is no JSON; 413 for more than a name and a password', async () => {
    const missing = await call('POST', '/auth/login', { username: '' });
    expect([missing.status, missing.body]).toEqual([422, failure('ValidationError', 422)]);
    expect(Object.keys(missing.body.details.fields).sort()).toEqual(['password', 'username']);
    const broken = await call('POST', '/auth/login', '{');
    expect([broken.status, broken.body]).toEqual([400, failure('ValidationError', 400)]);
    expect((await call('POST', '/auth/login', { username: 'a', password: 'x'.repeat(10_000) })).status).toBe(413);
  });

  test('429 when one address tries on and on', async () => {
    const own = await startTestServer();
    const seen: number[] = [];
    for (let i = 0; i < 40; i += 1) {
      // Names that differ, so that it is the address that is held back, not a name.
      seen.push(
        (await own.call('POST', '/auth/login', { token: '', body: { username: `n${i}`, password: 'x' } })).status,
      );
    }
    expect(new Set(seen)).toEqual(new Set([401, 429]));
  });
});

describe('POST /api/refresh', () => {
  test('200 rotates; 401 for a spent token, which ends the family', async () => {
    const first = await user('refresher');
    const second = await call('POST', '/api/refresh', undefined, first.refresh_token);
    expect(second.status).toBe(200);
    expect(second.body.data).toMatchObject({ token_type: 'Bearer', expires_in: 3600 });
    const third = await call('POST', '/api/refresh', undefined, second.body.data.refresh_token);
    expect(third.status).toBe(200);
    expect((await call('POST', '/api/refresh', undefined, first.refresh_token)).status).toBe(401);
    expect((await call('POST', '/api/refresh', undefined, third.body.data.refresh_token)).status).toBe(401);
  });

  test('401 without a token and with an access token', async () => {
    expect((await call('POST', '/api/refresh')).status).toBe(401);
    expect((await call('POST', '/api/refresh', undefined, server.adminToken)).status).toBe(401);
  });
});

describe('GET /api/me', () => {
  test('200 tells who one is and what one may do', async () => {
    const { access_token } = await user('asker');
    const answer = await call('GET', '/api/me', undefined, access_token);
    expect(answer.body).toMatchObject({ status: 'success', data: { username: 'asker', role: 'operator' } });
    expect(answer.body.data.permissions).toEqual(
      expect.arrayContaining(['view', 'scheduler_manage', 'create', 'update']),
    );
    expect(answer.body.data.permissions).not.toContain('delete');
    expect(answer.body.data).not.toHaveProperty('csrf_token');
  });

  test('401 without an identity', async () => {
    const answer = await call('GET', '/api/me');
    expect([answer.status, answer.body]).toEqual([401, failure('AuthenticationError', 401)]);
  });
});

describe('POST /auth/logout', () => {
  test('200 ends every token of the sign-in', async () => {
    const { access_token, refresh_token } = await user('leaver');
    expect((await call('POST', '/auth/logout', undefined, access_token)).status).toBe(200);
    expect((await call('GET', '/api/me', undefined, access_token)).status).toBe(401);
    expect((await call('POST', '/api/refresh', undefined, refresh_token)).status).toBe(401);
  });

  test('200 ends a console session, and takes its cookie back', async () => {
    const body = { username: 'admin', password: ADMIN_PASSWORD, session: 'cookie' };
    const login = await call('POST', '/auth/login', body);
    expect(login.body.data).not.toHaveProperty('access_token');
    const headers = {
      Cookie: (login.headers.get('set-cookie') ?? '').split(';', 1)[0] ?? '',
      'X-CSRF-Token': login.body.data.csrf_token,
    };
    const logout = await server.call('POST', '/auth/logout', { token: '', headers });
    expect(logout.status).toBe(200);
    expect(logout.headers.get('set-cookie')).toMatch(/^longshore_session=;.*Expires=Thu, 01 Jan 1970/);
    expect((await server.call('GET', '/api/me', { token: '', headers })).status).toBe(401);
  });
});

describe('POST /api/change-password', () => {
  test('200 ends all sessions; the new password counts, the old one does not', async () => {
    const { access_token } = await user('changer');
    const body = { current_password: PASSWORD, new_password: 'the second long password' };
    expect((await call('POST', '/api/change-password', body, access_token)).status).toBe(200);
    expect((await call('GET', '/api/me', undefined, access_token)).status).toBe(401);
    const login = (password: string) => call('POST', '/auth/login', { username: 'changer', password });
    expect((await login(PASSWORD)).status).toBe(401);
    expect((await login(body.new_password)).status).toBe(200);
  });

  test('422 for a wrong present password and for a new one that is too easy, naming the field', async () => {
    const { access_token } = await user('unlucky');
    const fields = async (current_password: string, new_password: string) => {
      const answer = await call('POST', '/api/change-password', { current_password, new_password }, access_token);
      return [answer.status, ...Object.keys(answer.body.details.fields)];
    };
    expect(await fields('not this one', 'the second long password')).toEqual([422, 'current_password']);
    expect(await fields(PASSWORD, 'short')).toEqual([422, 'new_password']);
  });

  test('403 for an API key', async () => {
    const body = { current_password: ADMIN_PASSWORD, new_password: 'the second long password' };
    const answer = await call('POST', '/api/change-password', body, await server.apiKey('admin'));
    expect([answer.status, answer.body]).toEqual([403, failure('AuthorizationError', 403)]);
  });
});
