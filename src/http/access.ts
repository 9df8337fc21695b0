import type { FastifyRequest } from 'fastify';
import type { Authenticator } from '../auth/authenticator.ts';
import { type Actor, type Identity, requires } from '../auth/identity.ts';
import { networkOf } from '../auth/network.ts';
import type { Permission } from '../auth/permissions.ts';
import { AppError } from '../kernel/errors.ts';
import { areaOfPath, pathOf } from './answers.ts';
import type { App, Area } from './area.ts';
import { countAddress } from './rate-limits.ts';

/**
 * Who may call a route: anybody, any identity, or identities with one permission or all of several.
 * `metrics`: who may view, and besides, without any identity, a scraper on this machine.
 */
export type RouteAccess = 'public' | 'authenticated' | 'metrics' | Permission | readonly Permission[];

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may call it. A route without one makes the start fail. */
    access?: RouteAccess;
    /**
     * Who sends a request, on a route whose credentials do not stand in the usual headers, or not in all of them.
     * @throws AppError `unauthenticated`
     */
    identify?(request: FastifyRequest): Promise<Identity>;
  }
  interface FastifyRequest {
    /** Who sent it; null on public routes. Handlers ask `requesterOf`. */
    identity: Identity | null;
    /**
     * Checks anew whether its sender may still do this: what goes on for long must not outlive a revocation.
     * @throws AppError `unauthenticated`, `forbidden`
     */
    authorizeAgain(): Promise<void>;
  }
}

/** @throws AppError `unauthenticated`; never on a route that is not public, whose guard has been here before */
export function requesterOf(request: FastifyRequest): Identity {
  if (!request.identity) throw new AppError('unauthenticated', 'Sign in, or send an API key.');
  return request.identity;
}

/** Who does what the request asks for, and where from, for the audit trail. */
export function actorOf(request: FastifyRequest): Actor {
  return { identity: requesterOf(request), address: request.ip, requestId: request.id };
}

/**
 * A request from this machine itself. One that a proxy on this machine has passed on is not: it comes from whoever
 * the proxy serves.
 */
function isLocal(request: FastifyRequest): boolean {
  const { headers } = request;
  const forwarded = 'x-forwarded-for' in headers || 'forwarded' in headers || 'via' in headers;
  return !forwarded && /^(127\.|::1$|::ffff:127\.)/.test(request.socket.remoteAddress ?? '');
}

function authenticate(authenticator: Authenticator, request: FastifyRequest): Promise<Identity> {
  const { identify } = request.routeOptions.config;
  if (identify) return identify(request);
  const { authorization, cookie } = request.headers;
  return authenticator.authenticate({
    authorization,
    cookie,
    apiKey: single(request.headers['x-api-key']),
    csrfToken: single(request.headers['x-csrf-token']),
    safeMethod: ['GET', 'HEAD', 'OPTIONS'].includes(request.method),
  });
}

/** A header that is not one of those that may be repeated. */
function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

/**
 * Finds out who a request is from, counts it, and checks its permission, before any of its body is read.
 * What identifies nobody is counted by address, so that guessing credentials or addresses of ours is limited too.
 */
export function guardAccess(app: App, authenticator: Authenticator, areas: readonly Area[]): void {
  const { rateLimits } = app;
  app.decorateRequest('identity', null);
  app.decorateRequest('authorizeAgain', async function authorizeAgain(this: FastifyRequest) {
    const { access } = this.routeOptions.config;
    // Who was let in without an identity stays so.
    if (!this.identity || access === undefined) return;
    checkPermission(await authenticate(authenticator, this), access);
  });
  app.addHook('onRequest', async (request, reply) => {
    const { access, bucket = 'standard' } = request.routeOptions.config;
    const network = networkOf(request.ip);
    if (request.is404 || access === undefined) {
      // The console's pages and files are no routes either, and are never refused.
      if (areaOfPath(areas, pathOf(request))) await rateLimits.count(reply, 'standard', `address:${network}`);
      return;
    }
    if (access === 'public') return countAddress(rateLimits, request, reply, bucket, network);
    if (access === 'metrics' && isLocal(request)) return;
    try {
      request.identity = await authenticate(authenticator, request);
    } catch (error) {
      if (error instanceof AppError && (error.code === 'unauthenticated' || error.code === 'forbidden')) {
        await rateLimits.count(reply, 'standard', `address:${network}`);
      }
      throw error;
    }
    const { principal, rateLimit } = request.identity;
    await rateLimits.count(reply, bucket, principal, rateLimit);
    checkPermission(request.identity, access);
  });
}

function checkPermission(identity: Identity, access: RouteAccess): void {
  if (access === 'public' || access === 'authenticated') return;
  if (access === 'metrics') requires(identity, 'view');
  else requires(identity, ...(typeof access === 'string' ? [access] : access));
}
