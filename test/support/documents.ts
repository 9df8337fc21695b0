import { Compile } from 'typebox/schema';

/** The parts of an OpenAPI document that tests read. */
export interface Operation {
  readonly area: string;
  readonly method: string;
  /** With `{parameters}`. */
  readonly path: string;
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly schema: object }[];
  readonly body: object | undefined;
}

type Node = Record<string, unknown>;

interface Document {
  readonly paths: Record<string, Record<string, Node>>;
  readonly components: { readonly schemas: Record<string, object> };
}

/** `#/components/schemas/X` as a draft that the validator reads: `#/$defs/X`. */
function asSchema(document: Document, schema: unknown): object {
  const text = JSON.stringify({ allOf: [schema], $defs: document.components.schemas });
  return JSON.parse(text.replaceAll('#/components/schemas/', '#/$defs/'));
}

/** What an area's document says: which operations there are, and whether an answer is as it promises. */
export class ApiDocument {
  readonly area: string;
  readonly operations: readonly Operation[];
  readonly #document: Document;
  readonly #validators = new Map<string, ReturnType<typeof Compile>>();

  constructor(area: string, document: unknown) {
    this.area = area;
    this.#document = document as Document;
    this.operations = Object.entries(this.#document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        area,
        method: method.toUpperCase(),
        path,
        parameters: (operation.parameters ?? []) as Operation['parameters'],
        body: contentOf(operation.requestBody),
      })),
    );
  }

  /** What the answer breaks of its promise; empty when it keeps it. */
  problems({ method, path }: Operation, status: number, body: unknown): string[] {
    const key = `${method} ${path} ${status}`;
    const responses = this.#document.paths[path]?.[method.toLowerCase()]?.responses as Record<string, Node> | undefined;
    const schema = contentOf(responses?.[String(status)]);
    // Documented without a body (204), or one of the errors that every address may answer.
    if (!schema) return [];
    let validator = this.#validators.get(key);
    if (!validator) {
      validator = Compile(asSchema(this.#document, schema));
      this.#validators.set(key, validator);
    }
    if (validator.Check(body)) return [];
    const [, errors] = validator.Errors(body);
    return errors.map(({ instancePath, message }) => `${key}: ${instancePath} ${message}`);
  }
}

function contentOf(part: unknown): object | undefined {
  const content = (part as { content?: Record<string, { schema?: object }> } | undefined)?.content;
  return content?.['application/json']?.schema;
}
