import { Command, CommanderError, Option } from 'commander';
import { packageVersion } from '../kernel/package.ts';
import { exitCodesText } from './exit-codes.ts';
import { FORMATS } from './terminal/output.ts';

interface Entry {
  readonly name: string;
  readonly description: string;
  readonly group: string;
  load(): Promise<Command>;
}

const HERE = 'On this machine:';
const WORK = 'Work:';
const ACCESS = 'Access:';
const ABOUT = 'About:';

/**
 * Every command by name. Their files are loaded when they are named on the command line, so that help and quick
 * commands do not pay for PostgreSQL drivers and HTTP servers.
 */
const COMMANDS: readonly Entry[] = [
  {
    name: 'up',
    group: HERE,
    description: 'start everything: database, server and a worker',
    load: async () => (await import('./up.ts')).upCommand(),
  },
  {
    name: 'server',
    group: HERE,
    description: 'start the server alone',
    load: async () => (await import('./server.ts')).serverCommand(),
  },
  {
    name: 'worker',
    group: HERE,
    description: 'start workers, look at them, drain them',
    load: async () => (await import('./worker.ts')).workerCommand(),
  },
  {
    name: 'db',
    group: HERE,
    description: 'the database: schema, backup, restore',
    load: async () => (await import('./db.ts')).dbCommand(),
  },
  {
    name: 'doctor',
    group: HERE,
    description: 'check that all is in order, and say what to mend',
    load: async () => (await import('./doctor.ts')).doctorCommand(),
  },
  {
    name: 'task',
    group: WORK,
    description: 'make, change and run tasks',
    load: async () => (await import('./task.ts')).taskCommand(),
  },
  {
    name: 'run',
    group: WORK,
    description: 'look at single runs, follow and cancel them',
    load: async () => (await import('./run.ts')).runCommand(),
  },
  {
    name: 'job',
    group: WORK,
    description: 'make, change and run sync jobs',
    load: async () => (await import('./job.ts')).jobCommand(),
  },
  {
    name: 'push',
    group: WORK,
    description: 'send records to a dataset',
    load: async () => (await import('./push.ts')).pushCommand(),
  },
  {
    name: 'dataset',
    group: WORK,
    description: 'look at datasets, download them',
    load: async () => (await import('./dataset.ts')).datasetCommand(),
  },
  {
    name: 'apply',
    group: WORK,
    description: 'make and change what a file describes',
    load: async () => (await import('./apply.ts')).applyCommand(),
  },
  {
    name: 'status',
    group: WORK,
    description: 'how the server, its workers and its tasks are',
    load: async () => (await import('./status.ts')).statusCommand(),
  },
  {
    name: 'login',
    group: ACCESS,
    description: 'sign in to a server and keep it as a profile',
    load: async () => (await import('./login.ts')).loginCommand(),
  },
  {
    name: 'logout',
    group: ACCESS,
    description: 'forget a profile and revoke its key',
    load: async () => (await import('./login.ts')).logoutCommand(),
  },
  {
    name: 'profile',
    group: ACCESS,
    description: 'the servers that you have signed in to',
    load: async () => (await import('./profile.ts')).profileCommand(),
  },
  {
    name: 'user',
    group: ACCESS,
    description: 'the users of the server on this machine',
    load: async () => (await import('./user.ts')).userCommand(),
  },
  {
    name: 'key',
    group: ACCESS,
    description: 'API keys: make, list, revoke',
    load: async () => (await import('./key.ts')).keyCommand(),
  },
  {
    name: 'completion',
    group: ABOUT,
    description: 'completion for bash, zsh or fish',
    load: async () => (await import('./completion.ts')).completionCommand(() => createProgram('all')),
  },
];

function addGlobalOptions(program: Command): void {
  program
    .optionsGroup('Everywhere:')
    .addOption(new Option('-o, --output <format>', 'how results are written').choices([...FORMATS]).default('table'))
    .option('--no-color', 'plain text (as with NO_COLOR in the environment)')
    .option('--server <address>', 'the server to speak to (LONGSHORE_SERVER)')
    .option('--token <key>', 'an API key (LONGSHORE_TOKEN; a flag shows in the list of processes)')
    .option('--profile <name>', 'a server that you have signed in to (LONGSHORE_PROFILE)')
    .option('--data-dir <path>', 'where this machine keeps its data (LONGSHORE_DATA_DIR; ./.longshore)')
    .option('--config <file>', 'settings, instead of ./longshore.yaml');
}

/** Settings that subcommands take over from their parent only if they are made after it was set up: so for all, here. */
function equip(command: Command): void {
  command.exitOverride().showHelpAfterError('(--help shows how it is used)').configureHelp({ showGlobalOptions: true });
  for (const child of command.commands) equip(child);
}

/**
 * The command line.
 * @param words what was typed: only the commands named in it are loaded; `all` loads every one
 */
export async function createProgram(words: readonly string[] | 'all'): Promise<Command> {
  const program = new Command('longshore')
    .description(
      'A self-hosted control plane for scheduled tasks, data movement, database accounts, cloud IAM and network scans.',
    )
    .version(packageVersion, '-V, --version', 'the version')
    .commandsGroup(ABOUT)
    .helpCommand('help [command]', 'how a command is used')
    .addHelpText('after', '\n"longshore help exit-codes" lists what the exit codes mean.');
  addGlobalOptions(program);
  for (const { name, group, description, load } of COMMANDS) {
    const command = words === 'all' || words.includes(name) ? await load() : new Command(name);
    program.addCommand(command.description(description).helpGroup(group));
  }
  equip(program);
  return program;
}

/**
 * Parses and carries out a command line.
 * @param words without the interpreter and the script
 * @throws what the command throws; a CommanderError for a command line that is wrong (it has been explained already)
 */
export async function runProgram(words: readonly string[]): Promise<void> {
  if (words[0] === 'help' && words[1] === 'exit-codes') {
    process.stdout.write(`${exitCodesText()}\n`);
    return;
  }
  const program = await createProgram(words);
  try {
    await program.parseAsync([...words], { from: 'user' });
  } catch (error) {
    // Help and version that were asked for arrive as errors with exit code 0.
    if (!(error instanceof CommanderError && error.exitCode === 0)) throw error;
  }
}
