import { validate } from '@scalar/openapi-parser';
import { beforeAll, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../../test/support/api-server.ts';
import { nameSchemas } from './openapi.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});

describe('the served documents', () => {
  test.each(['scheduler', 'datasync', 'governance'])('%s is valid OpenAPI 3.1', async (area) => {
    const { status, body } = await server.call('GET', `/openapi/${area}.json`, { token: '' });
    expect(status).toBe(200);
    const result = await validate(body);
    expect(result.errors ?? []).toEqual([]);
    expect([result.valid, body.openapi]).toEqual([true, '3.1.0']);
  });

  test('name their schemas, and say what each route needs', async () => {
    const { body } = await server.call('GET', '/openapi/scheduler.json', { token: '' });
    const names = Object.keys(body.components.schemas);
    expect(names).toEqual(expect.arrayContaining(['Task', 'TaskCreate', 'TaskUpdate', 'Run', 'Worker', 'Failure']));
    expect(names.filter((name) => /^def-/.test(name))).toEqual([]);
    const { post } = body.paths['/api/tasks'];
    expect(post.description).toContain('`scheduler_manage, create`');
    expect(post.security).toEqual([{ bearer: [] }, { apiKey: [] }]);
    expect(body.paths['/api/health'].get.security).toEqual([]);
    for (const methods of Object.values<Record<string, { summary?: string; responses: object }>>(body.paths)) {
      for (const operation of Object.values(methods)) {
        expect(operation.summary).toBeTruthy();
        expect(Object.keys(operation.responses).some((code) => code.startsWith('2'))).toBe(true);
      }
    }
  });
});

describe('nameSchemas', () => {
  test('moves titled schemas to the components, the nested ones too, and refers to them', () => {
    const inner = { title: 'Inner', type: 'string' };
    const outer = { title: 'Outer', type: 'object', properties: { inner, title: { type: 'string' } } };
    expect(nameSchemas({ info: { title: 'A document' }, paths: { a: outer, b: inner } })).toEqual({
      info: { title: 'A document' },
      paths: { a: { $ref: '#/components/schemas/Outer' }, b: { $ref: '#/components/schemas/Inner' } },
      components: {
        schemas: {
          Inner: { type: 'string' },
          Outer: {
            type: 'object',
            properties: { inner: { $ref: '#/components/schemas/Inner' }, title: { type: 'string' } },
          },
        },
      },
    });
  });

  test('refuses two schemas of one name', () => {
    expect(() => nameSchemas({ a: { title: 'X', type: 'string' }, b: { title: 'X', type: 'number' } })).toThrow(/X/);
  });
});
