import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import Fastify, { type FastifyInstance } from 'fastify';
import type { App, Area } from './area.ts';

interface Page {
  readonly type: string;
  readonly body: Buffer;
  /** The page's Content-Security-Policy; a script has none. */
  readonly policy: string | undefined;
}

const SCRIPT = '/docs/js/scalar.js';

/** The page runs its own scripts only, named by hash, and speaks to this server only: so it works offline. */
function policyOf(html: string): string {
  const hashes = [...html.matchAll(/<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/g)].map(
    ([, text]) =>
      `'sha256-${createHash('sha256')
        .update(text ?? '')
        .digest('base64')}'`,
  );
  return [
    "default-src 'self'",
    `script-src 'self' ${hashes.join(' ')}`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "worker-src 'self' blob:",
    "object-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** Renders in a server of its own: the package (megabytes of text in memory) is loaded only when somebody opens it. */
async function createRenderer(areas: readonly Area[]): Promise<FastifyInstance> {
  const { default: scalar } = await import('@scalar/fastify-api-reference');
  const renderer = Fastify();
  await renderer.register(scalar, {
    routePrefix: '/docs',
    configuration: {
      pageTitle: 'Longshore API',
      sources: areas.map((area, index) => ({
        title: area.title,
        slug: area.name,
        url: `/openapi/${area.name}.json`,
        default: index === 0,
      })),
      // Nothing may be loaded from, or told to, anybody else.
      withDefaultFonts: false,
      telemetry: false,
      hideClientButton: true,
      showDeveloperTools: 'never',
      agent: { disabled: true },
      mcp: { disabled: true },
    },
  });
  return renderer;
}

/** The API pages at `/docs`: all areas' documents in one reader. */
export function registerReference(app: App, areas: readonly Area[]): void {
  const pages = new Map<string, Promise<Page>>();
  let renderer: Promise<FastifyInstance> | undefined;
  const render = async (url: string): Promise<Page> => {
    renderer ??= createRenderer(areas);
    const answer = await (await renderer).inject(url);
    const type = String(answer.headers['content-type']);
    if (url !== SCRIPT) return { type, body: answer.rawPayload, policy: policyOf(answer.payload) };
    // Megabytes, so kept and sent compressed: it is a browser that loads it, and every browser unpacks it.
    return { type, body: await promisify(gzip)(answer.rawPayload), policy: undefined };
  };
  const page = (url: string): Promise<Page> => {
    const known = pages.get(url) ?? render(url);
    pages.set(url, known);
    // A failed load is tried again by the next visitor.
    known.catch(() => pages.delete(url));
    return known;
  };
  const config = { access: 'public', bucket: 'none' } as const;
  app.get('/docs', { config, schema: { hide: true } }, async (_request, reply) => reply.redirect('/docs/', 301));
  for (const url of ['/docs/', SCRIPT]) {
    app.get(url, { config, schema: { hide: true } }, async (_request, reply) => {
      const { type, body, policy } = await page(url);
      if (policy) reply.header('Content-Security-Policy', policy);
      else reply.header('Cache-Control', 'public, max-age=86400').header('Content-Encoding', 'gzip');
      return reply.type(type).send(body);
    });
  }
}
