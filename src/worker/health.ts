import { createServer, type Server } from 'node:http';
import type { Service } from '../kernel/service.ts';
import type { Worker } from './worker.ts';

/** Probes for a worker: `/health/live` always answers, `/health/ready` only while it may lease. */
export class WorkerHealth implements Service {
  readonly name = 'worker health';
  readonly #server: Server;
  readonly #port: number;
  readonly #host: string;

  constructor(worker: Worker, host: string, port: number) {
    this.#host = host;
    this.#port = port;
    this.#server = createServer((request, response) => {
      const live = request.url === '/health/live';
      if (!live && request.url !== '/health/ready') {
        response.writeHead(404).end();
        return;
      }
      const body = { state: worker.state, current_tasks: worker.running, max_tasks: worker.maxTasks };
      response.writeHead(live || worker.state === 'online' ? 200 : 503, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    });
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#port, this.#host, resolve);
    });
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
