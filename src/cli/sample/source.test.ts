import { createServer } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SampleSource } from './source.ts';

interface Page {
  readonly total: number;
  readonly page: number;
  readonly items: readonly { readonly cityId: number; readonly name: string }[];
}

const source = new SampleSource();
beforeAll(() => source.start(0));
afterAll(() => source.stop());

const get = async (path: string) => {
  const response = await fetch(source.url + path);
  return { status: response.status, body: (await response.json()) as Page };
};

it('serves every city once, in whole pages of JSON', async () => {
  const ids = new Set<number>();
  const { total } = (await get('/cities?limit=1')).body;
  expect(total).toBeGreaterThan(100_000);
  for (let page = 1; ids.size < total; page += 1) {
    const { body } = await get(`/cities?page=${page}&limit=5000`);
    expect(body.items.length).toBe(Math.min(5000, total - ids.size));
    for (const { cityId } of body.items) ids.add(cityId);
  }
  expect((await get(`/cities?page=${Math.ceil(total / 5000) + 1}&limit=5000`)).body.items).toEqual([]);
  expect((await get('/cities?page=999999&limit=5000')).body.items).toEqual([]);
});

it('serves 100 at a time unless told', async () => {
  const { body } = await get('/cities');
  expect([body.page, body.items.length]).toEqual([1, 100]);
  expect(body.items[0]).toMatchObject({ cityId: expect.any(Number), name: expect.any(String) });
});

it.each(['/cities?page=0', '/cities?limit=5001', '/cities?limit=x', '/cities?page=-1'])('refuses %s', async (path) => {
  expect((await get(path)).status).toBe(400);
});

it('knows nothing else', async () => {
  expect((await get('/')).status).toBe(404);
});

it('moves where its port is taken', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const address = other.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const moved = new SampleSource();
  await moved.start(port);
  expect(new URL(moved.url).port).not.toBe(String(port));
  await moved.stop();
  await new Promise((resolve) => other.close(resolve));
});
