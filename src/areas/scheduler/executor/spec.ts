import { type Static, Type } from 'typebox';

/**
 * What the three executors are given. The API validates tasks by these schemas, so the descriptions speak to whoever
 * writes a task.
 */

const Command = Type.String({ minLength: 1, maxLength: 1_000_000, pattern: '\\S' });
const WorkingDirectory = Type.String({
  minLength: 1,
  maxLength: 4096,
  description: "A directory on the worker; the worker's own unless told.",
});
const Environment = Type.Record(
  Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]*$' }),
  Type.String({ maxLength: 100_000 }),
  {
    description: 'Variables over the minimal environment that a worker gives.',
    maxProperties: 500,
    additionalProperties: false,
  },
);

const Limits = Type.Object(
  {
    cpu_seconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 2_678_400 })),
    memory_mb: Type.Optional(Type.Integer({ minimum: 16, maximum: 16_777_216 })),
    open_files: Type.Optional(Type.Integer({ minimum: 16, maximum: 1_048_576 })),
    file_size_mb: Type.Optional(Type.Integer({ minimum: 1, maximum: 16_777_216 })),
    processes: Type.Optional(Type.Integer({ minimum: 1, maximum: 4_194_304 })),
  },
  { additionalProperties: false, description: 'What the run and its children may use.' },
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
      Type.String({ ...Command, description: 'A script file on the worker. Either this or `script`.' }),
    ),
    script: Type.Optional(Type.String({ ...Command, description: 'The program itself. Either this or `command`.' })),
    arguments: Type.Optional(Type.Array(Type.String({ maxLength: 100_000 }), { maxItems: 1000 })),
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
        { maxProperties: 100, additionalProperties: false },
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
      Type.String({ minLength: 1, maxLength: 10_000, description: 'Text that the answer must contain.' }),
    ),
    follow_redirects: Type.Optional(Type.Boolean({ description: 'True unless told.' })),
  },
  { additionalProperties: false },
);
export type HttpSpec = Static<typeof HttpSpec>;
