import type { FastifyRequest } from 'fastify';
import { type Static, type TSchema, Type } from 'typebox';
import { sessionOfWorker, sessionRenew } from '../../../engine/queries/session.ts';
import { workerGet } from '../../../engine/queries/worker.ts';
import { requesterOf } from '../../../http/access.ts';
import type { App } from '../../../http/area.ts';
import { whileAwaited } from '../../../http/awaited.ts';
import { AppError, notFound } from '../../../kernel/errors.ts';
import {
  Commands,
  HeartbeatAnswer,
  HeartbeatRequest,
  LeaseAnswer,
  LeaseRequest,
  RegisterAnswer,
  RegisterRequest,
  ReportAnswer,
  ReportRequest,
  RunRef,
  SystemInfo,
  UpdateRequest,
} from '../../../protocol/worker.ts';
import { WorkerAnswer, workerAnswer } from '../answers.ts';
import type { SchedulerDeps } from '../deps.ts';
import { envelope, success } from '../dialect.ts';
import { Id, WorkerId } from '../schemas.ts';
import { SessionOwners } from '../session-owners.ts';

/*
 * The worker's port over HTTP. These bodies may hold fields that this version does not know: within a major version
 * of the protocol a newer worker may say more.
 */

const params = Type.Object({ worker_id: WorkerId });
const SessionOnly = Type.Object({ session_id: Type.Integer({ minimum: 1 }) });
const ReconcileRequest = Type.Object({
  session_id: Type.Integer({ minimum: 1 }),
  held: Type.Array(RunRef, { maxItems: 10_000 }),
});

/** Reports, updates and leases carry logs and specs: more than other bodies. */
const BODY_LIMIT = 32 * 1024 * 1024;

/** What a program of one's own that stands in for a worker says. */
const PlainHeartbeat = Type.Object(
  {
    status: Type.Enum(['online', 'offline', 'busy']),
    current_tasks: Type.Optional(Type.Integer({ minimum: 0, description: 'The server counts by itself; not used.' })),
    system_info: Type.Optional(SystemInfo),
  },
  { additionalProperties: false, title: 'PlainHeartbeat' },
);

export function registerWorkerProtocolRoutes(app: App, deps: SchedulerDeps): void {
  const { port, store } = deps;
  const owners = new SessionOwners(store);
  /** A worker speaks for sessions of its own. Joining and plain heartbeats name none. */
  const preHandler = async (request: FastifyRequest) => {
    const { worker_id } = request.params as { worker_id?: string };
    const { session_id } = request.body as { session_id?: number };
    if (worker_id === undefined || session_id === undefined) return;
    await owners.check(requesterOf(request).principal, worker_id, session_id);
  };

  /** One call of the port: the schema of what it is given, and what it answers. */
  const route = <Request extends TSchema>(
    url: string,
    summary: string,
    schemas: { body: Request; answer: TSchema },
    call: (body: Static<Request>, signal: AbortSignal, principal: string) => Promise<unknown>,
  ) => {
    app.post(
      url,
      {
        config: { access: 'worker', bucket: 'none' },
        bodyLimit: BODY_LIMIT,
        schema: {
          summary,
          tags: ['worker protocol'],
          ...(url.includes(':worker_id') ? { params } : {}),
          body: schemas.body,
          response: { 200: Type.Unsafe<object>(envelope(schemas.answer, 'Done.')) },
        },
        preHandler,
      },
      async (request, reply) => {
        // A call that waits ends when its worker hangs up, or when this server closes.
        const { signal } = whileAwaited(reply.raw, app.closing);
        return success(await call(request.body as Static<Request>, signal, requesterOf(request).principal));
      },
    );
  };

  const path = (action: string) => `/api/workers/:worker_id/${action}`;
  route(
    '/api/workers/register',
    'Join as a worker',
    { body: RegisterRequest, answer: RegisterAnswer },
    (body, _signal, principal) => port.register(body, principal),
  );
  route(
    path('lease'),
    'Take runs, waiting for some',
    { body: LeaseRequest, answer: LeaseAnswer },
    async (body, signal) => ({
      runs: await port.lease(body, signal),
    }),
  );
  route(path('report'), 'Report how attempts ended', { body: ReportRequest, answer: ReportAnswer }, (body) =>
    port.report(body),
  );
  route(
    path('update'),
    'Send log lines, progress, checkpoints, rows',
    { body: UpdateRequest, answer: ReportAnswer },
    (body) => port.update(body),
  );
  route(
    path('reconcile'),
    'Give back runs whose lease answer was lost',
    { body: ReconcileRequest, answer: Type.Null() },
    async (body) => {
      await port.reconcile(body);
      return null;
    },
  );
  route(path('watch'), 'Wait for commands', { body: SessionOnly, answer: Commands }, ({ session_id }, signal) =>
    port.watch(session_id, signal),
  );
  route(path('leave'), 'End the session', { body: SessionOnly, answer: Type.Null() }, async ({ session_id }) => {
    await port.leave(session_id);
    return null;
  });
  registerHeartbeat(app, deps, owners, preHandler);
  registerBlobs(app, deps, owners);
}

/** One address, two bodies: a Longshore worker's, which names its session, and the plain one. */
function registerHeartbeat(
  app: App,
  { store, port }: SchedulerDeps,
  owners: SessionOwners,
  preHandler: (request: FastifyRequest) => Promise<void>,
): void {
  app.post(
    '/api/workers/:worker_id/heartbeat',
    {
      config: { access: 'worker', bucket: 'none' },
      bodyLimit: BODY_LIMIT,
      schema: {
        summary: 'Say that a worker lives',
        description:
          'A Longshore worker names its session and the runs it holds, and is answered commands. The plain body renews the lease of a worker that has registered with the same key (an admin: of any), unless its status is `offline`.',
        tags: ['workers'],
        params,
        body: Type.Union([HeartbeatRequest, PlainHeartbeat]),
        response: { 200: envelope(Type.Union([HeartbeatAnswer, WorkerAnswer]), 'Noted.') },
      },
      preHandler,
    },
    async (request) => {
      const { body } = request;
      if ('session_id' in body) return success(await port.heartbeat(body));
      const { worker_id } = request.params;
      if (!(await workerGet(store, worker_id))) throw notFound(`worker ${worker_id}`);
      const sessionId = await sessionOfWorker(store, worker_id);
      const { isAdmin, principal } = requesterOf(request);
      // It hands out nothing and takes nothing: an operator may keep a worker's lease by hand.
      if (sessionId !== undefined && !isAdmin) await owners.check(principal, worker_id, sessionId);
      const alive = sessionId !== undefined && body.status !== 'offline';
      if (sessionId === undefined)
        throw new AppError('conflict', `worker ${worker_id} has no open session; register it`);
      if (alive) await sessionRenew(store, sessionId, body.system_info);
      const worker = await workerGet(store, worker_id);
      if (!worker) throw notFound(`worker ${worker_id}`);
      return success(workerAnswer(worker), alive ? 'Heartbeat noted' : 'Noted; its lease runs out');
    },
  );
}

/** Bytes that runs read. Not JSON: a megabyte of it would be a third larger, and parsed in one go. */
function registerBlobs(app: App, { port }: SchedulerDeps, owners: SessionOwners): void {
  app.get(
    '/api/workers/:worker_id/blobs/:blob_id/:seq',
    {
      config: { access: 'worker', bucket: 'none' },
      schema: {
        summary: 'Read one piece of a blob',
        description: 'Pieces count from 0 and have at most a megabyte.',
        tags: ['worker protocol'],
        params: Type.Object({
          worker_id: WorkerId,
          blob_id: Id,
          seq: Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 }),
        }),
        querystring: Type.Object({ session_id: Id }),
        response: {
          200: {
            description: 'The piece.',
            content: {
              'application/octet-stream': { schema: Type.Unsafe<Buffer>({ type: 'string', format: 'binary' }) },
            },
          },
          204: Type.Null({ description: 'The blob has no such piece: it ends before.' }),
        },
      },
    },
    async (request, reply) => {
      const { worker_id, blob_id, seq } = request.params;
      const { session_id } = request.query;
      await owners.check(requesterOf(request).principal, worker_id, session_id);
      const bytes = await port.blobChunk(session_id, blob_id, seq);
      if (bytes === undefined) return reply.code(204).send(null);
      return reply.type('application/octet-stream').send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    },
  );
}
