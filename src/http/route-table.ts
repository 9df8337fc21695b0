import type { RouteAccess } from './access.ts';
import type { App } from './area.ts';

export interface Route {
  readonly method: string;
  /** The pattern, such as `/api/tasks/:task_id`. */
  readonly url: string;
  readonly access: RouteAccess;
}

declare module 'fastify' {
  interface FastifyInstance {
    routeTable: RouteTable;
  }
}

/** All routes and who may call them: for the tests that walk it, and to tell a wrong method from a wrong address. */
class RouteTable {
  readonly routes: Route[] = [];
  readonly #patterns: { readonly pattern: RegExp; readonly method: string }[] = [];

  add(route: Route): void {
    const source = route.url
      .split('/')
      .map((part) => {
        if (part.startsWith(':')) return '[^/]+';
        return part === '*' ? '.*' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      })
      .join('/');
    this.routes.push(route);
    this.#patterns.push({ pattern: new RegExp(`^${source}$`), method: route.method });
  }

  /** Which methods a path answers; asked only when none matched, so a walk over all routes is quick enough. */
  methodsOf(path: string): string[] {
    const methods = this.#patterns.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
    return methods.length === 0 ? [] : [...new Set([...methods, 'OPTIONS'])].sort();
  }
}

/** Deny by default: registering a route that does not say who may call it fails, and with it the start. */
export function keepRouteTable(app: App): void {
  app.decorate('routeTable', new RouteTable());
  app.addHook('onRoute', ({ method, url, config }) => {
    const access = config?.access;
    if (access === undefined) throw new Error(`The route ${method} ${url} does not say who may call it`);
    for (const one of [method].flat()) app.routeTable.add({ method: one, url, access });
  });
}
