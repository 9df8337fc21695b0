import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router';
import { restoreSession } from './api/session.ts';
import { taskListSearch } from './features/tasks/task-list-search.ts';
import { CrashPage, MissingPage, PendingPage } from './ui/fallback-pages.tsx';

/** A path of this console: never another site, which a crafted link could otherwise send the new session to. */
function internalPath(value: unknown): string | undefined {
  return typeof value === 'string' && /^\/(?![/\\])/.test(value) && !value.startsWith('/sign-in') ? value : undefined;
}

function pageNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value > 1 ? value : undefined;
}

const root = createRootRoute({ component: Outlet, notFoundComponent: MissingPage });

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: (search: Record<string, unknown>): { next?: string } => {
    const next = internalPath(search.next);
    return next ? { next } : {};
  },
  component: lazyRouteComponent(() => import('./features/session/sign-in-page.tsx'), 'SignInPage'),
});

/** All that stands below it needs a session. */
const signedIn = createRoute({
  getParentRoute: () => root,
  id: 'signed-in',
  beforeLoad: async ({ location }) => {
    const session = await restoreSession();
    if (session.status !== 'signed-in') {
      throw redirect({ to: '/sign-in', search: location.href === '/' ? {} : { next: location.href } });
    }
  },
  component: lazyRouteComponent(() => import('./ui/shell.tsx'), 'Shell'),
});

const overview = createRoute({
  getParentRoute: () => signedIn,
  path: '/',
  component: lazyRouteComponent(() => import('./features/overview/overview-page.tsx'), 'OverviewPage'),
});

const taskList = createRoute({
  getParentRoute: () => signedIn,
  path: '/tasks',
  validateSearch: taskListSearch,
  component: lazyRouteComponent(() => import('./features/tasks/task-list-page.tsx'), 'TaskListPage'),
});

const taskCreate = createRoute({
  getParentRoute: () => signedIn,
  path: '/tasks/new',
  component: lazyRouteComponent(() => import('./features/tasks/task-create-page.tsx'), 'TaskCreatePage'),
});

const task = createRoute({
  getParentRoute: () => signedIn,
  path: '/tasks/$taskId',
  validateSearch: (search: Record<string, unknown>): { page?: number } => {
    const page = pageNumber(search.page);
    return page ? { page } : {};
  },
  component: lazyRouteComponent(() => import('./features/tasks/task-page.tsx'), 'TaskPage'),
});

const taskEdit = createRoute({
  getParentRoute: () => signedIn,
  path: '/tasks/$taskId/edit',
  component: lazyRouteComponent(() => import('./features/tasks/task-edit-page.tsx'), 'TaskEditPage'),
});

const run = createRoute({
  getParentRoute: () => signedIn,
  path: '/runs/$runId',
  component: lazyRouteComponent(() => import('./features/runs/run-page.tsx'), 'RunPage'),
});

export const router = createRouter({
  routeTree: root.addChildren([signIn, signedIn.addChildren([overview, taskList, taskCreate, task, taskEdit, run])]),
  // A page's code is fetched when its link is pointed at or focused.
  defaultPreload: 'intent',
  defaultPendingComponent: PendingPage,
  defaultErrorComponent: CrashPage,
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
