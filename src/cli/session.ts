import type { Command } from 'commander';
import { type Config, type Flags, loadConfig } from '../kernel/config.ts';
import { Client, type ClientOptions } from './remote/client.ts';
import { findTarget } from './remote/target.ts';
import { type Format, Output } from './terminal/output.ts';

/** The options that every command knows; see program.ts. */
export interface GlobalOptions {
  readonly output: Format;
  readonly color: boolean;
  readonly server?: string;
  readonly token?: string;
  readonly profile?: string;
  readonly dataDir?: string;
  readonly config?: string;
}

/** What a command works with: settings, a server, and a place for its words. */
export class Session {
  readonly options: GlobalOptions;
  readonly out: Output;

  constructor(options: GlobalOptions) {
    this.options = options;
    this.out = new Output({
      format: options.output,
      color: options.color,
      stdout: process.stdout,
      stderr: process.stderr,
    });
  }

  /** @param more settings that the command has flags of its own for; undefined = the flag was not given */
  config(more: { readonly [K in keyof Flags]?: string | undefined } = {}): Config {
    const { server, token, profile, dataDir, config } = this.options;
    const given = Object.entries({ server, token, profile, dataDir, config, ...more });
    return loadConfig(Object.fromEntries(given.filter(([, value]) => value !== undefined)) as Flags);
  }

  /** Which server commands speak to, and with what key. @throws CliFailure when there is none */
  async target(): Promise<ClientOptions> {
    const config = this.config();
    // A profile on the command line is meant more than an address that happens to stand in the environment.
    const server = this.options.profile !== undefined && this.options.server === undefined ? undefined : config.server;
    return findTarget({ ...config, server });
  }

  /** Bound to its session, so that an action may take it out of it. */
  readonly client = async (): Promise<Client> => new Client(await this.target());
}

/** An action for commander: `work` gets the session, the command's own options, then its arguments. */
export function withSession<Options, Args extends unknown[] = string[]>(
  work: (session: Session, options: Options, ...args: Args) => Promise<void>,
): (...given: unknown[]) => Promise<void> {
  return async (...given) => {
    const command = given.at(-1) as Command;
    await work(new Session(command.optsWithGlobals()), command.opts() as Options, ...(command.processedArgs as Args));
  };
}
