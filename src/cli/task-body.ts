import { type Command, Option } from 'commander';
import { MISFIRES, OVERLAPS, PRIORITIES } from '../engine/model.ts';
import { CliFailure } from './failure.ts';
import { pairs, repeated, textOrFile, wholeNumber } from './values.ts';

/** The options that describe a task, as `task create` and `task update` take them. */
export interface TaskOptions {
  description?: string;
  executor?: string;
  command?: string;
  script?: string;
  argument?: string[];
  pythonPath?: string;
  workingDirectory?: string;
  env?: Record<string, string>;
  url?: string;
  method?: string;
  header?: Record<string, string>;
  body?: string;
  expectedStatus?: number[];
  expectedBody?: string;
  schedule?: string;
  timezone?: string;
  priority?: string;
  retryCount?: number;
  retryDelay?: number;
  timeout?: number;
  tag?: string[];
  overlap?: string;
  misfire?: string;
  maxConcurrent?: number;
  pauseOnFailure?: boolean;
}

function statuses(text: string, earlier: number[] | undefined): number[] {
  return [...(earlier ?? []), ...text.split(',').map(wholeNumber(100))];
}

export function addTaskOptions(command: Command): Command {
  return command
    .optionsGroup('What it does:')
    .option('--description <text>', 'what it is for')
    .option('--executor <kind>', 'shell, http or python; known from the other options where it can be')
    .option('--command <text>', 'shell: the command line; python: the script file')
    .option('--script <file>', 'python: the script itself, from a file, or - for standard input')
    .option('--argument <text>', 'python: an argument; may be repeated', repeated)
    .option('--python-path <path>', 'python: the interpreter')
    .option('--working-directory <path>', 'where it runs')
    .option('--env <name=value>', 'a variable of its environment; may be repeated', pairs('='))
    .option('--url <url>', 'http: what is called')
    .option('--method <method>', 'http: GET, POST, …')
    .option('--header <name:value>', 'http: a header; may be repeated', pairs(':'))
    .option('--body <text>', 'http: the body; @file takes it from a file, - from standard input')
    .option('--expected-status <codes>', 'http: statuses that are a success', statuses)
    .option('--expected-body <text>', 'http: text that the answer must contain')
    .optionsGroup('When and how it runs:')
    .option('--schedule <cron>', 'five fields, or six with seconds; an empty text makes it manual only')
    .option('--timezone <zone>', 'of the schedule, such as Europe/Berlin')
    .addOption(new Option('--priority <priority>', 'before others, or after').choices([...PRIORITIES]))
    .option('--retry-count <n>', 'extra attempts after a failed one', wholeNumber(0))
    .option('--retry-delay <seconds>', 'base of the growing wait between attempts', wholeNumber(0))
    .option('--timeout <seconds>', 'longest that an attempt may take', wholeNumber(1))
    .option('--tag <tag>', 'a tag that its worker must have; may be repeated', repeated)
    .addOption(new Option('--overlap <policy>', 'while an earlier run is live').choices([...OVERLAPS]))
    .addOption(new Option('--misfire <policy>', 'for instants missed while down').choices([...MISFIRES]))
    .option('--max-concurrent <n>', 'runs of it at a time', wholeNumber(1))
    .option('--pause-on-failure', 'pause the schedule when a run fails for good');
}

function executorOf(options: TaskOptions): string | undefined {
  if (options.executor !== undefined) return options.executor;
  if (options.url !== undefined) return 'http';
  if (options.script !== undefined || options.pythonPath !== undefined || options.argument !== undefined)
    return 'python';
  return options.command === undefined ? undefined : 'shell';
}

/** The request body that the options spell; only what was given is in it. */
export async function taskBody(options: TaskOptions, inferExecutor: boolean): Promise<Record<string, unknown>> {
  const executor = inferExecutor ? executorOf(options) : options.executor;
  if (inferExecutor && executor === undefined) {
    throw new CliFailure('usage', 'Say what the task does: --command, --script or --url.');
  }
  const fields: Record<string, unknown> = {
    description: options.description,
    executor,
    command: options.command,
    script: options.script === undefined ? undefined : await textOrFile(options.script, { bare: true }),
    arguments: options.argument,
    python_path: options.pythonPath,
    working_directory: options.workingDirectory,
    environment: options.env,
    url: options.url,
    method: options.method,
    headers: options.header,
    body: options.body === undefined ? undefined : await textOrFile(options.body),
    expected_status: options.expectedStatus,
    expected_body: options.expectedBody,
    // "" on the command line is the way to say "none".
    schedule: options.schedule === '' ? null : options.schedule,
    timezone: options.timezone,
    priority: options.priority,
    retry_count: options.retryCount,
    retry_delay_seconds: options.retryDelay,
    timeout_seconds: options.timeout,
    tags: options.tag,
    overlap: options.overlap,
    misfire: options.misfire,
    max_concurrent: options.maxConcurrent,
    pause_on_failure: options.pauseOnFailure,
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
