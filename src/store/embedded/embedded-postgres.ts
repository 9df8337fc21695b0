import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import pg from 'pg';
import { sleep } from '../../kernel/clock.ts';
import type { Logger } from '../../kernel/logger.ts';
import { Daemon, type Service } from '../../kernel/service.ts';
import { type Account, CHILD_ENVIRONMENT, credentials, serverAccount } from './account.ts';
import { copyPlaces, findBinaries, packageDirectory } from './binaries.ts';
import { APPLICATION_ROLE, Cluster, DATABASE, type Layout, layoutOf, passwordsOf, prepareDataDir } from './cluster.ts';
import { explainFailure, reasonIn } from './failure.ts';
import { type Access, connectOwner, Hold } from './hold.ts';
import { boundLog, readLogFrom } from './log.ts';
import { clearStalePidFiles, Postmaster, runningPostmaster } from './postmaster.ts';
import { DEFAULT_SETTINGS, type ServerSettings } from './settings.ts';
import { forgetSocketDirectory, socketDirectory } from './socket.ts';

/** How long a start gives way to another server on the same cluster that is on its way in or out. */
const RIVAL_PATIENCE_MS = 120_000;
const UPKEEP_MS = 60_000;

export interface EmbeddedPostgresOptions {
  /** Made if absent, and private to us: the cluster, its secret and its log are kept there. */
  readonly dataDir: string;
  readonly logger: Logger;
  /** Server settings that go over the defaults, by their PostgreSQL names. */
  readonly settings?: ServerSettings;
  /** Called when the server has ended without `stop`. `start` may then be called again. */
  readonly onExit?: () => void;
}

/** A server that may be on its way up; if it is a child of ours, also where in the log its lines begin. */
interface Candidate {
  readonly postmaster: Postmaster;
  readonly logStart?: number;
}

/**
 * The PostgreSQL that Longshore brings along, on a directory of its own, reached through a unix socket alone.
 *
 * `start` takes over the server that runs on the directory already (left by a process that was killed, or held by
 * another one), else creates what is missing and launches one. The server is detached: it outlives us if we are
 * killed. `stop` shuts it down unless another process holds it too. PostgreSQL's own claims on the directory (its pid
 * file, its shared memory) see to it that there is never a second server; whoever loses that race joins the winner.
 */
export class EmbeddedPostgres implements Service {
  readonly name = 'postgres';
  readonly #options: EmbeddedPostgresOptions;
  readonly #layout: Layout;
  readonly #upkeep: Daemon;
  #starting: Promise<void> | undefined;
  #hold: Hold | undefined;
  #url: string | undefined;

  constructor(options: EmbeddedPostgresOptions) {
    this.#options = options;
    this.#layout = layoutOf(options.dataDir);
    this.#upkeep = new Daemon({
      name: 'postgres upkeep',
      logger: options.logger,
      runOnce: async () => {
        await boundLog(this.#layout.log);
        await socketDirectory(this.#layout.cluster);
        return { nextInMs: UPKEEP_MS };
      },
    });
  }

  /**
   * Where the application connects: `postgresql://…@localhost:5432/longshore?host=<directory>`, understood by pg, by
   * libpq, and by `new URL` (which wants a host name, though the directory goes over it).
   */
  get url(): string {
    if (this.#url === undefined) throw new Error('the embedded PostgreSQL has not been started');
    return this.#url;
  }

  /** The server's process id while it runs. */
  get pid(): number | undefined {
    return this.#hold?.pid;
  }

  /**
   * Resolves when the server accepts connections.
   * @throws UsageError that names the mend: no binaries, another major version, a full disk, another user's directory
   * @throws AppError `unavailable` with the server's own reason for anything else
   */
  start(): Promise<void> {
    this.#starting ??= this.#start().catch(async (error: unknown) => {
      this.#starting = undefined;
      throw await explainFailure('the embedded PostgreSQL did not start', this.#layout.dataDir, error);
    });
    return this.#starting;
  }

  async stop(): Promise<void> {
    await this.#starting?.catch(() => undefined);
    const hold = this.#hold;
    this.#forget();
    await this.#upkeep.stop();
    if (await hold?.release()) await forgetSocketDirectory(this.#layout.cluster);
  }

  #forget(): void {
    this.#hold = undefined;
    this.#starting = undefined;
  }

  async #start(): Promise<void> {
    const { cluster: directory, dataDir } = this.#layout;
    await prepareDataDir(this.#layout);
    const account = await serverAccount(directory);
    const source = packageDirectory();
    const binaries = await findBinaries({ account, source, copies: copyPlaces(dataDir, account) });
    const cluster = new Cluster(this.#layout, binaries, account);
    await cluster.ensure();
    const passwords = await passwordsOf(this.#layout);
    const access = { directory: await socketDirectory(directory), password: passwords.admin };
    this.#hold = await this.#takeHold(cluster, account, access);
    const host = encodeURIComponent(access.directory);
    this.#url = `postgresql://${APPLICATION_ROLE}:${passwords.application}@localhost:5432/${DATABASE}?host=${host}&sslmode=disable`;
    await this.#upkeep.start();
  }

  async #takeHold(cluster: Cluster, account: Account | undefined, access: Access): Promise<Hold> {
    const { logger } = this.#options;
    const mended = new Set<string>();
    const until = Date.now() + RIVAL_PATIENCE_MS;
    for (;;) {
      const running = await runningPostmaster(this.#layout.cluster);
      const { postmaster, logStart }: Candidate = running
        ? { postmaster: running }
        : await this.#launch(cluster, account);
      const client = await connectOwner(postmaster, access, new AbortController().signal);
      if (client instanceof pg.Client) {
        logger.info({ postgresPid: postmaster.pid, adopted: running !== undefined }, 'PostgreSQL is up');
        return new Hold({ postmaster, access, logger, client, onExit: () => this.#exited() });
      }
      if (client === 'gone') {
        await this.#giveWay(logStart, until);
      } else {
        if (mended.has(client)) throw new Error(`the server on ${this.#layout.cluster} cannot be reached (${client})`);
        mended.add(client);
        logger.warn(
          { postgresPid: postmaster.pid, because: client },
          'PostgreSQL runs but cannot be used: starting it anew',
        );
        await postmaster.shutDown();
        if (client === 'stranger') await cluster.resetPasswords();
      }
    }
  }

  /** Returns when it is worth another try: a rival was in the way, or what ran there has ended. */
  async #giveWay(logStart: number | undefined, until: number): Promise<void> {
    if (logStart !== undefined) {
      const said = await readLogFrom(this.#layout.log, logStart);
      const rival = /lock file ".*" already exists|pre-existing shared memory block/.test(said);
      if (!rival || Date.now() > until) throw new Error(said);
    }
    await sleep(100);
  }

  async #launch(cluster: Cluster, account: Account | undefined): Promise<Candidate> {
    const { settings } = this.#options;
    await clearStalePidFiles(this.#layout.cluster);
    await cluster.configure({ ...DEFAULT_SETTINGS, ...settings });
    await boundLog(this.#layout.log);
    const log = await open(this.#layout.log, 'a', 0o600);
    try {
      const logStart = (await log.stat()).size;
      const [file, ...args] = cluster.serverCommand;
      const child = spawn(file, args, {
        cwd: this.#layout.cluster,
        env: CHILD_ENVIRONMENT,
        ...credentials(account),
        // A session of its own: a Ctrl-C at our terminal is not meant for it, and our death is not its own.
        detached: true,
        stdio: ['ignore', log.fd, log.fd],
      });
      child.unref();
      await once(child, 'spawn');
      return { postmaster: new Postmaster(child.pid ?? 0, this.#layout.cluster), logStart };
    } finally {
      await log.close();
    }
  }

  #exited(): void {
    this.#forget();
    void this.#reportExit();
  }

  async #reportExit(): Promise<void> {
    const { logger, onExit } = this.#options;
    await this.#upkeep.stop();
    const reason = reasonIn(await readLogFrom(this.#layout.log, 0));
    logger.error({ reason, log: this.#layout.log }, 'PostgreSQL has ended unexpectedly');
    onExit?.();
  }
}
