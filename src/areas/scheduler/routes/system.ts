import { Type } from 'typebox';
import type { App } from '../../../http/area.ts';
import type { SchedulerDeps } from '../deps.ts';
import { envelope, success } from '../dialect.ts';
import { systemStatus } from '../system-status.ts';

const Count = Type.Integer({ minimum: 0 });
const PartState = Type.Enum(['connected', 'disconnected', 'disabled']);

const HealthAnswer = Type.Object(
  {
    success: Type.Boolean(),
    status: Type.Enum(['success', 'error']),
    data: Type.Object({
      status: Type.Enum(['healthy', 'unhealthy']),
      database: PartState,
      message_queue: PartState,
      redis: PartState,
      embedded: Type.Array(Type.String(), { description: 'The parts that Longshore runs itself.' }),
      uptime_seconds: Count,
      timestamp: Type.Number({ description: 'Epoch seconds.' }),
      version: Type.String(),
    }),
    message: Type.String(),
    timestamp: Type.String({ format: 'date-time' }),
  },
  { title: 'Health' },
);

const StatusAnswer = Type.Object(
  {
    tasks: Type.Object({ total: Count, active: Count, paused: Count, disabled: Count, running: Count }),
    workers: Type.Object({ total: Count, online: Count, offline: Count }),
    runs_today: Type.Integer({ minimum: 0, description: 'Ended on this UTC day.' }),
    success_rate: Type.Number({ description: "Percent of today's runs; 100 when none has ended yet." }),
  },
  { title: 'SystemStatus' },
);

export function registerSystemRoutes(app: App, { store, health, metrics }: SchedulerDeps): void {
  app.get(
    '/api/health',
    {
      config: { access: 'public', bucket: 'none' },
      schema: {
        summary: 'Whether Longshore and what it stands on work',
        tags: ['system'],
        response: { 200: HealthAnswer, 503: HealthAnswer },
      },
    },
    async (_request, reply) => {
      const report = await health.report();
      return reply.code(report.success ? 200 : 503).send(report);
    },
  );

  app.get(
    '/api/system/status',
    {
      config: { access: 'scheduler_view' },
      schema: {
        summary: 'How many tasks, workers and runs there are',
        tags: ['system'],
        response: { 200: envelope(StatusAnswer, 'The overview.') },
      },
    },
    async () => success(await systemStatus(store)),
  );

  app.get(
    '/metrics',
    {
      config: { access: 'metrics', bucket: 'none' },
      schema: {
        summary: 'Metrics for Prometheus',
        description:
          'Without an identity for a scraper on this machine; from elsewhere with a token or key that may view.',
        tags: ['system'],
        produces: [metrics.registry.contentType],
        response: { 200: Type.String({ description: 'Prometheus text.' }) },
      },
    },
    async (_request, reply) => reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  );
}
