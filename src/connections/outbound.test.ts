import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, LookupFunction } from 'node:net';
import { text } from 'node:stream/consumers';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { createOutbound, type Outbound, type OutboundOptions } from './outbound.ts';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A server on loopback; answers with its address. */
async function serve(handler: Handler): Promise<{ url: string; port: number }> {
  const server: Server = createServer(handler);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port };
}

function outbound(options: Partial<OutboundOptions> = {}): Outbound {
  const made = createOutbound({ allowPrivate: true, ...options });
  open.push(() => made.close());
  return made;
}

/** A resolver that gives these answers in turn, the last for ever, and counts. */
function resolver(...answers: string[][]): LookupFunction & { calls: number } {
  const lookup: LookupFunction = (_host, _options, callback) => {
    const answer = answers[Math.min(resolve.calls, answers.length - 1)] ?? [];
    resolve.calls += 1;
    callback(
      null,
      answer.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
  const resolve = Object.assign(lookup, { calls: 0 });
  return resolve;
}

describe('the guard', () => {
  it.each([
    'http://169.254.169.254/latest/meta-data',
    'http://[fe80::1]/',
    'http://[::ffff:169.254.169.254]/',
    'http://2852039166/',
    'http://0xa9fea9fe/',
    'http://0251.0376.0251.0376/',
    'http://0.0.0.0/',
    'http://metadata.google.internal/',
  ])('never dials %s', async (url) => {
    await expect(outbound().request(url)).rejects.toMatchObject({ name: 'OutboundRefused' });
  });

  it('dials private addresses only when it may', async () => {
    const { url, port } = await serve((_request, response) => response.end('in'));
    expect((await outbound().request(url)).body.toString()).toBe('in');
    const strict = outbound({ allowPrivate: false });
    await expect(strict.request(url)).rejects.toThrow(
      'not allowed to connect to 127.0.0.1: loopback (LONGSHORE_ALLOW_PRIVATE_ADDRESSES is false)',
    );
    await expect(strict.request(`http://2130706433:${port}`)).rejects.toThrow('127.0.0.1: loopback');
    await expect(strict.request(`http://localhost:${port}`)).rejects.toMatchObject({ host: 'localhost' });
  });

  it('says which address a name stands for', async () => {
    const lookup = resolver(['169.254.169.254']);
    await expect(outbound({ lookup }).request('http://innocent.example/')).rejects.toThrow(
      'not allowed to connect to innocent.example, which is 169.254.169.254: link-local, where clouds serve their metadata',
    );
  });

  it('refuses a name of which one address is bad', async () => {
    const lookup = resolver(['127.0.0.1', '169.254.169.254']);
    await expect(outbound({ lookup }).request('http://mixed.example/')).rejects.toMatchObject({
      address: '169.254.169.254',
    });
  });

  it('dials the very address that it judged, and judges each connection', async () => {
    const { port } = await serve((_request, response) => response.setHeader('connection', 'close').end('first'));
    const lookup = resolver(['127.0.0.1'], ['169.254.169.254']);
    const rebound = outbound({ lookup });
    expect((await rebound.request(`http://rebinding.example:${port}`)).body.toString()).toBe('first');
    expect(lookup.calls).toBe(1);
    await expect(rebound.request(`http://rebinding.example:${port}`)).rejects.toMatchObject({
      address: '169.254.169.254',
    });
  });

  it('refuses a redirect to a metadata address, or to another scheme', async () => {
    const { url } = await serve((request, response) => {
      const to = request.url === '/file' ? 'file:///etc/passwd' : 'http://169.254.169.254/latest';
      response.writeHead(302, { location: to }).end();
    });
    await expect(outbound().request(url)).rejects.toMatchObject({ address: '169.254.169.254' });
    await expect(outbound().request(`${url}/file`)).rejects.toThrow('only http and https');
    await expect(outbound().request('ftp://127.0.0.1/')).rejects.toThrow('only http and https');
    await expect(outbound().request('no url')).rejects.toThrow('not a URL');
  });
});

describe('redirects', () => {
  it('keep credentials at home', async () => {
    const seen: IncomingMessage['headers'][] = [];
    const other = await serve((request, response) => {
      seen.push(request.headers);
      response.end('there');
    });
    const { url } = await serve((request, response) => {
      if (request.url === '/away') response.writeHead(302, { location: other.url }).end();
      else if (request.url === '/near') response.writeHead(302, { location: '/here' }).end();
      else {
        seen.push(request.headers);
        response.end('here');
      }
    });
    const headers = { Authorization: 'Bearer x', Cookie: 'a=b', 'X-Api-Key': 'k', 'X-Trace': 't' };
    const away = await outbound().request(`${url}/away`, { headers });
    expect(away.url).toBe(`${other.url}/`);
    expect(seen[0]).toMatchObject({ 'x-trace': 't' });
    for (const name of ['authorization', 'cookie', 'x-api-key']) expect(seen[0]).not.toHaveProperty(name);
    await outbound().request(`${url}/away`, { headers, homeHeaders: ['x-trace'] });
    expect(seen.pop()).not.toHaveProperty('x-trace');
    await outbound().request(`${url}/near`, { headers });
    expect(seen[1]).toMatchObject({ authorization: 'Bearer x', cookie: 'a=b', 'x-api-key': 'k' });
  });

  it('repeat the request on 307, and become GET on 303', async () => {
    const { url } = await serve((request, response) => {
      const status = Number(request.url?.slice(1));
      if (status > 0) response.writeHead(status, { location: '/' }).end();
      else void text(request).then((body) => response.end(`${request.method} ${body}`));
    });
    const post = async (path: string) =>
      (await outbound().request(`${url}/${path}`, { method: 'POST', body: 'b' })).body.toString();
    expect(await post('307')).toBe('POST b');
    expect(await post('303')).toBe('GET ');
    expect(await post('302')).toBe('GET ');
  });

  it('end after ten, and are answers when they are not wanted', async () => {
    const { url } = await serve((_request, response) => response.writeHead(302, { location: '/again' }).end());
    await expect(outbound().request(url)).rejects.toThrow('more than 10 redirects');
    expect((await outbound().request(url, { followRedirects: false })).status).toBe(302);
  });
});

describe('bodies', () => {
  it.each([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
  ])('are decompressed (%s), and counted after it', async (encoding, compress) => {
    const bomb = compress(Buffer.alloc(50_000_000, 'x'));
    const { url } = await serve((_request, response) => {
      response.writeHead(200, { 'content-encoding': encoding }).end(bomb);
    });
    const answer = await outbound().request(url, { maxBodyBytes: 1000 });
    expect(answer).toMatchObject({ status: 200, truncated: true });
    expect(answer.body.toString()).toBe('x'.repeat(1000));
  });

  it('are undone five times over, and refused beyond', async () => {
    const { url } = await serve((request, response) => {
      const layers = Number(request.url?.slice(1));
      let body: Buffer = Buffer.from('within');
      for (let layer = 0; layer < layers; layer += 1) body = gzipSync(body);
      response.writeHead(200, { 'content-encoding': Array(layers).fill('gzip').join(', ') }).end(body);
    });
    const answer = await outbound().request(new URL('/5', url).href);
    expect(answer.body.toString()).toBe('within');
    await expect(outbound().request(new URL('/6', url).href)).rejects.toThrow('6 encodings over each other');
  });

  it('without end are cut, and the server is left', async () => {
    let left: Promise<unknown> | undefined;
    const { url } = await serve((_request, response) => {
      left = once(response, 'close');
      const pour = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
      };
      response.on('drain', pour);
      pour();
    });
    const answer = await outbound().request(url, { maxBodyBytes: 100_000 });
    expect(answer.truncated).toBe(true);
    expect(answer.body.length).toBe(100_000);
    await left;
  });

  it('of exactly the cap are whole', async () => {
    const { url } = await serve((_request, response) => response.end('1234'));
    const answer = await outbound().request(url, { maxBodyBytes: 4 });
    expect(answer).toMatchObject({ truncated: false });
    expect(answer.body.toString()).toBe('1234');
  });
});

describe('streams', () => {
  it('hand over the body as it comes, decompressed', async () => {
    let asked: (response: ServerResponse) => void = () => {};
    const answering = new Promise<ServerResponse>((resolve) => {
      asked = resolve;
    });
    const { url } = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/csv' }).write('first');
      asked(response);
    });
    const answer = await outbound().stream(url);
    expect(answer).toMatchObject({ status: 200, url: `${url}/` });
    const chunks = answer.body[Symbol.asyncIterator]();
    expect(String((await chunks.next()).value)).toBe('first');
    (await answering).end('second');
    expect(String((await chunks.next()).value)).toBe('second');
    expect((await chunks.next()).done).toBe(true);
    const packed = await serve((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('within'));
    });
    expect(await text((await outbound().stream(packed.url)).body)).toBe('within');
  });

  it('pass the same door, at redirects too', async () => {
    const { url } = await serve((_request, response) =>
      response.writeHead(302, { location: 'http://[fe80::1]/' }).end(),
    );
    await expect(outbound().stream(url)).rejects.toMatchObject({ name: 'OutboundRefused' });
    await expect(outbound({ allowPrivate: false }).stream(url)).rejects.toMatchObject({ name: 'OutboundRefused' });
  });

  it('fail beyond their cap, and leave the server', async () => {
    let left: Promise<unknown> | undefined;
    const { url } = await serve((_request, response) => {
      left = once(response, 'close');
      const pour = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
      };
      response.on('drain', pour);
      pour();
    });
    const { body } = await outbound().stream(url, { maxBodyBytes: 100_000 });
    await expect(text(body)).rejects.toMatchObject({ name: 'OutboundTooLarge' });
    await left;
  });

  it('fail when the connection breaks off, and end with their signal', async () => {
    const { url } = await serve((request, response) => {
      response.writeHead(200, { 'content-length': '10' }).write('half');
      if (request.url === '/cut') setImmediate(() => response.destroy());
    });
    await expect(text((await outbound().stream(`${url}/cut`)).body)).rejects.toThrow();
    const abort = new AbortController();
    const { body } = await outbound().stream(url, { signal: abort.signal });
    const read = text(body);
    abort.abort(new Error('enough'));
    await expect(read).rejects.toThrow('enough');
  });
});

describe('requests', () => {
  it('end with their signal, with its reason', async () => {
    const abort = new AbortController();
    const { url } = await serve(() => abort.abort(new Error('enough')));
    await expect(outbound().request(url, { signal: abort.signal })).rejects.toThrow('enough');
  });

  it('end when the server is silent for too long', async () => {
    const { url } = await serve(() => {});
    await expect(outbound().request(url, { timeoutMs: 50 })).rejects.toMatchObject({ code: 'UND_ERR_HEADERS_TIMEOUT' });
  });

  it('turn a user and password of the URL into a header', async () => {
    const { port } = await serve((request, response) => response.end(request.headers.authorization));
    const answer = await outbound().request(`http://me:p%40ss@127.0.0.1:${port}/`);
    expect(Buffer.from(answer.body.toString().slice(6), 'base64').toString()).toBe('me:p@ss');
    expect(answer.url).not.toContain('p%40ss');
  });
});
