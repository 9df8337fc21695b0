import { type Static, Type } from 'typebox';

/**
 * What the three executors are given. The API validates tasks by these schemas, so the descriptions speak to whoever
 * writes a task.
 */

const Command = Type.String({ minLength: 1, maxLength: 1_000_000, pattern: '\\S' });
const WorkingDirectory = Type.String({
  minLength: 1,
  maxLength: 4096,
  description: 'A directory on the worker; the one that the worker was started in unless told.',
});
const Environment = Type.Record(
  Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]*$' }),
  Type.String({ maxLength: 100_000 }),
  {
    description:
      'Variables, over the minimal environment that a worker gives: PATH, HOME, USER, LOGNAME, SHELL, LANG, LC_*, TZ and TMPDIR as it has them, and LONGSHORE_RUN_ID, LONGSHORE_ATTEMPT and LONGSHORE_IDEMPOTENCY_KEY. Values whose names tell of a secret are redacted in the log.',
    maxProperties: 500,
    additionalProperties: false,
  },
);

const Limits = Type.Object(
  {
    cpu_seconds: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 2_678_400,
        description: 'CPU time that each process may use up; SIGXCPU then, SIGKILL a second later.',
      }),
    ),
    memory_mb: Type.Optional(
      Type.Integer({
        minimum: 16,
        maximum: 16_777_216,
        description:
          'Address space of each process, in MiB. Runtimes that reserve much more than they use (Node.js, Java, Go) need a generous one.',
      }),
    ),
    open_files: Type.Optional(
      Type.Integer({
        minimum: 16,
        maximum: 1_048_576,
        description: 'Files and sockets that each process may have open.',
      }),
    ),
    file_size_mb: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 16_777_216,
        description: 'Size of a file that is written, in MiB; SIGXFSZ beyond it.',
      }),
    ),
    processes: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 4_194_304,
        description: 'Processes and threads of the whole run at a time; beyond it, starting one fails.',
      }),
    ),
  },
  {
    additionalProperties: false,
    description: 'What the run may use. A limit that a worker cannot keep is named in the log of the run.',
  },
);

export const ShellSpec = Type.Object(
  {
    command: Type.String({ ...Command, description: 'Run by `sh -c`.' }),
    working_directory: Type.Optional(WorkingDirectory),
    environment: Type.Optional(Environment),
    limits: Type.Optional(Limits),
  },
  { additionalProperties: false },
);
export type ShellSpec = Static<typeof ShellSpec>;

export const PythonSpec = Type.Object(
  {
    command: Type.Optional(
      Type.String({
        ...Command,
        description: 'A script file on the worker, relative to working_directory. Either this or `script`.',
      }),
    ),
    script: Type.Optional(Type.String({ ...Command, description: 'The program itself. Either this or `command`.' })),
    arguments: Type.Optional(
      Type.Array(Type.String({ maxLength: 100_000 }), {
        maxItems: 1000,
        description: 'What the program finds in sys.argv[1:].',
      }),
    ),
    python_path: Type.Optional(
      Type.String({ minLength: 1, maxLength: 4096, description: 'The interpreter; `python3` unless told.' }),
    ),
    working_directory: Type.Optional(WorkingDirectory),
    environment: Type.Optional(Environment),
    limits: Type.Optional(Limits),
  },
  { additionalProperties: false },
);
export type PythonSpec = Static<typeof PythonSpec>;

const StatusCode = Type.Integer({ minimum: 100, maximum: 599 });

export const HttpSpec = Type.Object(
  {
    url: Type.String({
      pattern: '^[Hh][Tt][Tt][Pp][Ss]?://\\S+$',
      maxLength: 8000,
      description: 'an http or https URL',
    }),
    method: Type.Optional(
      Type.Enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'], { description: 'GET unless told.' }),
    ),
    headers: Type.Optional(
      Type.Record(
        Type.String({ pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$" }),
        Type.String({ maxLength: 8000, pattern: '^[\\t\\x20-\\x7e\\x80-\\xff]*$' }),
        {
          maxProperties: 100,
          additionalProperties: false,
          description:
            'For POST, PUT, PATCH and DELETE an Idempotency-Key, the same for every attempt of a run, is added unless there is one.',
        },
      ),
    ),
    body: Type.Optional(
      Type.Union([Type.String({ maxLength: 1_000_000 }), Type.Record(Type.String(), Type.Unknown())], {
        description: 'Text as it is, or an object, which is sent as JSON.',
      }),
    ),
    expected_status: Type.Optional(
      Type.Union([StatusCode, Type.Array(StatusCode, { minItems: 1, maxItems: 100 })], {
        description: 'What counts as success; 2xx unless told.',
      }),
    ),
    expected_body: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 10_000,
        description: 'Text that the first MiB of the answer must contain.',
      }),
    ),
    follow_redirects: Type.Optional(
      Type.Boolean({ description: 'True unless told. Credentials are not sent to another origin.' }),
    ),
  },
  { additionalProperties: false },
);
export type HttpSpec = Static<typeof HttpSpec>;
