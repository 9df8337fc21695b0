import { existsSync } from 'node:fs';
import path from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { App } from './area.ts';

const NOT_BUILT = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Longshore</title>
<body><h1>Longshore is running</h1>
<p>The web console is not built in this checkout. Build it with <code>npm run build</code> and start again.</p>
<p>The API works: see <a href="/docs/">its pages</a>, or <a href="/api/health">its health</a>.</p></body></html>
`;

/** Serves the built console at `/`. Assets carry a hash in their name, so browsers may keep them for ever. */
export async function registerConsole(app: App, folder: string): Promise<void> {
  const options = { config: { access: 'public', bucket: 'none' }, schema: { hide: true } } as const;
  if (!existsSync(path.join(folder, 'index.html'))) {
    app.get('/', options, async (_request, reply) => reply.type('text/html; charset=utf-8').send(NOT_BUILT));
    return;
  }
  // The build has put compressed copies beside the files.
  await app.register(fastifyStatic, { root: folder, serve: false, preCompressed: true });
  app.get('/', options, async (_request, reply) => sendIndex(reply));
  app.get('/assets/*', options, async (request, reply) => {
    const name = (request.params as { '*': string })['*'];
    return reply.sendFile(`assets/${name}`, { immutable: true, maxAge: '365d' });
  });
  app.get('/favicon.svg', options, async (_request, reply) => reply.sendFile('favicon.svg', { maxAge: '1d' }));
}

/** The page itself must always be asked for anew: it names the assets of the present build. */
function sendIndex(reply: FastifyReply): FastifyReply {
  return reply.header('Cache-Control', 'no-cache').sendFile('index.html', { cacheControl: false });
}

/** True for a browser that opens one of the console's own addresses (`/tasks/7`): they all are the one page. */
export function isConsolePage(request: FastifyRequest): boolean {
  return request.method === 'GET' && (request.headers.accept ?? '').includes('text/html');
}

/** Answers a console address, or says no when the console is not built. */
export function sendConsolePage(reply: FastifyReply): FastifyReply | undefined {
  return typeof reply.sendFile === 'function' ? sendIndex(reply) : undefined;
}
