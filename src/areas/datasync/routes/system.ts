import { type Static, Type } from 'typebox';
import type { App } from '../../../http/area.ts';
import { packageVersion } from '../../../kernel/package.ts';
import type { DatasyncDeps } from '../deps.ts';
import { SYNC_KIND } from '../kinds.ts';
import { isWorkerOnline } from '../queries/worker_online.ts';

const PartState = Type.Enum(['healthy', 'unhealthy', 'disabled']);
type PartState = Static<typeof PartState>;

const HealthAnswer = Type.Object(
  {
    status: Type.Enum(['healthy', 'degraded', 'unhealthy'], {
      description: '`degraded`: requests are served, but something is missing. `unhealthy`: the database is.',
    }),
    components: Type.Object({
      database: PartState,
      redis: Type.Enum([...PartState.enum], {
        description: 'Counts rate limits for all servers together; without it each counts on its own.',
      }),
      connectors: Type.Enum([...PartState.enum], { description: 'Whether a worker that runs syncs is online.' }),
    }),
    version: Type.String(),
  },
  { title: 'SyncHealth' },
);
const ProbeAnswer = Type.Object({ status: Type.String() }, { title: 'Probe' });

const REDIS_WORD = { connected: 'healthy', disconnected: 'unhealthy', disabled: 'disabled' } as const;

async function healthAnswer({ health, store }: DatasyncDeps): Promise<Static<typeof HealthAnswer>> {
  const word = (works: boolean): PartState => (works ? 'healthy' : 'unhealthy');
  const database = word(await health.databaseAnswers());
  // Who works stands in the database: without it nobody knows, and nobody can.
  const online = database === 'healthy' && (await isWorkerOnline(store, SYNC_KIND).catch(() => false));
  const components = { database, redis: REDIS_WORD[health.redis], connectors: word(online) };
  const degraded = Object.values(components).includes('unhealthy');
  const status = database === 'unhealthy' ? 'unhealthy' : degraded ? 'degraded' : 'healthy';
  return { status, components, version: packageVersion };
}

/** Health, probes and metrics at the addresses of the area's contract. */
export function registerSystemRoutes(app: App, deps: DatasyncDeps): void {
  const { health, metrics } = deps;
  const config = { access: 'public', bucket: 'none' } as const;
  app.get(
    '/v1/sync/health',
    {
      config,
      schema: {
        summary: 'Whether syncs and what they stand on work',
        tags: ['system'],
        response: { 200: HealthAnswer, 503: HealthAnswer },
      },
    },
    async (_request, reply) => {
      const answer = await healthAnswer(deps);
      return reply.code(answer.status === 'unhealthy' ? 503 : 200).send(answer);
    },
  );

  app.get(
    '/v1/sync/health/live',
    { config, schema: { summary: 'Liveness probe', tags: ['system'], response: { 200: ProbeAnswer } } },
    async () => ({ status: 'live' }),
  );

  app.get(
    '/v1/sync/health/ready',
    {
      config,
      schema: {
        summary: 'Readiness probe: whether this server may be sent requests',
        tags: ['system'],
        response: { 200: ProbeAnswer, 503: ProbeAnswer },
      },
    },
    async (_request, reply) => {
      const { ready, status } = await health.readiness();
      return reply.code(ready ? 200 : 503).send({ status });
    },
  );

  app.get(
    '/v1/sync/metrics',
    {
      config: { access: 'metrics', bucket: 'none' },
      schema: {
        summary: 'Metrics for Prometheus',
        description:
          'The same as `/metrics`: without an identity for a scraper on this machine; from elsewhere with a token or key that may view.',
        tags: ['system'],
        produces: [metrics.registry.contentType],
        response: { 200: Type.String({ description: 'Prometheus text.' }) },
      },
    },
    async (_request, reply) => reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  );
}
