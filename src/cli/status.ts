import { Command } from 'commander';
import { withSession } from './session.ts';

interface HealthView {
  readonly status: string;
  readonly database: string;
  readonly version: string;
  readonly uptime_seconds: number;
}

interface SystemView {
  readonly tasks: { total: number; active: number; paused: number; running: number };
  readonly workers: { total: number; online: number; offline: number };
  readonly runs_today: number;
  readonly success_rate: number;
}

export function statusCommand(): Command {
  return new Command('status').action(
    withSession(async (session) => {
      const client = await session.client();
      const health = await client.get<HealthView>('/api/health');
      const system = await client.get<SystemView>('/api/system/status');
      const { tasks, workers } = system;
      session.out.record({ server: client.server, health, ...system }, [
        ['server', `${client.server}, version ${health.version}`],
        ['health', `${health.status}, database ${health.database}, up ${Math.floor(health.uptime_seconds)} s`],
        ['tasks', `${tasks.total}: ${tasks.active} active, ${tasks.paused} paused, ${tasks.running} running now`],
        ['workers', `${workers.total}: ${workers.online} online, ${workers.offline} offline`],
        ['runs today', system.runs_today === 0 ? 'none' : `${system.runs_today}, ${system.success_rate} % succeeded`],
      ]);
    }),
  );
}
