import type { App, Area } from '../../http/area.ts';
import type { SchedulerDeps } from './deps.ts';
import { schedulerDialect } from './dialect.ts';
import { registerRunLogRoutes } from './routes/run-logs.ts';
import { registerRunRoutes } from './routes/runs.ts';
import { registerSystemRoutes } from './routes/system.ts';
import { registerTaskRoutes } from './routes/tasks.ts';
import { registerWorkerProtocolRoutes } from './routes/worker-protocol.ts';
import { registerWorkerRoutes } from './routes/workers.ts';

/** The task scheduler: tasks, their runs and logs, workers, and the system's state. */
export function schedulerArea(deps: SchedulerDeps): Area {
  return {
    name: 'scheduler',
    title: 'Task scheduler',
    description: 'Tasks that run on workers: by hand or on a schedule, retried, watched and recorded.',
    prefixes: ['/api/tasks', '/api/runs', '/api/workers', '/api/system', '/api/health', '/metrics'],
    dialect: schedulerDialect,
    services: [],
    register(app: App) {
      registerTaskRoutes(app, deps);
      registerRunRoutes(app, deps);
      registerRunLogRoutes(app, deps);
      registerWorkerRoutes(app, deps);
      registerWorkerProtocolRoutes(app, deps);
      registerSystemRoutes(app, deps);
    },
  };
}
