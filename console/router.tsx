import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router';
import { restoreSession } from './api/session.ts';
import { conflictListSearch } from './features/sync/conflicts/conflict-list-search.ts';
import { datasetListSearch } from './features/sync/datasets/dataset-list-search.ts';
import { jobListSearch } from './features/sync/jobs/job-list-search.ts';
import { jobPageSearch } from './features/sync/jobs/job-page-search.ts';
import { taskListSearch } from './features/tasks/task-list-search.ts';
import { CrashPage, MissingPage, PendingPage } from './ui/fallback-pages.tsx';

/** A path of this console: never another site, which a crafted link could otherwise send the new session to. */
function internalPath(value: unknown): string | undefined {
  return typeof value === 'string' && /^\/(?![/\\])/.test(value) && !value.startsWith('/sign-in') ? value : undefined;
}

function pageNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value > 1 ? value : undefined;
}

function pageSearch(search: Record<string, unknown>): { page?: number } {
  const page = pageNumber(search.page);
  return page ? { page } : {};
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
  validateSearch: pageSearch,
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

/** All pages of data sync hear what happens, over one connection. */
const sync = createRoute({
  getParentRoute: () => signedIn,
  path: '/sync',
  component: lazyRouteComponent(() => import('./features/sync/sync-area.tsx'), 'SyncArea'),
});

const jobList = createRoute({
  getParentRoute: () => sync,
  path: '/jobs',
  validateSearch: jobListSearch,
  component: lazyRouteComponent(() => import('./features/sync/jobs/job-list-page.tsx'), 'JobListPage'),
});

const jobCreate = createRoute({
  getParentRoute: () => sync,
  path: '/jobs/new',
  component: lazyRouteComponent(() => import('./features/sync/jobs/job-create-page.tsx'), 'JobCreatePage'),
});

const job = createRoute({
  getParentRoute: () => sync,
  path: '/jobs/$jobId',
  validateSearch: jobPageSearch,
  component: lazyRouteComponent(() => import('./features/sync/jobs/job-page.tsx'), 'JobPage'),
});

const jobEdit = createRoute({
  getParentRoute: () => sync,
  path: '/jobs/$jobId/edit',
  component: lazyRouteComponent(() => import('./features/sync/jobs/job-edit-page.tsx'), 'JobEditPage'),
});

const conflictList = createRoute({
  getParentRoute: () => sync,
  path: '/conflicts',
  validateSearch: conflictListSearch,
  component: lazyRouteComponent(() => import('./features/sync/conflicts/conflict-list-page.tsx'), 'ConflictListPage'),
});

const conflict = createRoute({
  getParentRoute: () => sync,
  path: '/conflicts/$conflictId',
  component: lazyRouteComponent(() => import('./features/sync/conflicts/conflict-page.tsx'), 'ConflictPage'),
});

const datasetList = createRoute({
  getParentRoute: () => sync,
  path: '/datasets',
  validateSearch: datasetListSearch,
  component: lazyRouteComponent(() => import('./features/sync/datasets/dataset-list-page.tsx'), 'DatasetListPage'),
});

const dataset = createRoute({
  getParentRoute: () => sync,
  path: '/datasets/$datasetId',
  validateSearch: (search: Record<string, unknown>): { tab?: 'records'; page?: number } => ({
    ...(search.tab === 'records' ? { tab: 'records' as const } : {}),
    ...pageSearch(search),
  }),
  component: lazyRouteComponent(() => import('./features/sync/datasets/dataset-page.tsx'), 'DatasetPage'),
});

const files = createRoute({
  getParentRoute: () => sync,
  path: '/files',
  component: lazyRouteComponent(() => import('./features/sync/files/files-page.tsx'), 'FilesPage'),
});

const keys = createRoute({
  getParentRoute: () => signedIn,
  path: '/keys',
  validateSearch: pageSearch,
  component: lazyRouteComponent(() => import('./features/keys/keys-page.tsx'), 'KeysPage'),
});

const password = createRoute({
  getParentRoute: () => signedIn,
  path: '/password',
  component: lazyRouteComponent(() => import('./features/session/password-page.tsx'), 'PasswordPage'),
});

const syncPages = sync.addChildren([
  jobList,
  jobCreate,
  job,
  jobEdit,
  conflictList,
  conflict,
  datasetList,
  dataset,
  files,
]);
const pages = [overview, taskList, taskCreate, task, taskEdit, run, syncPages, keys, password];

export const router = createRouter({
  routeTree: root.addChildren([signIn, signedIn.addChildren(pages)]),
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
