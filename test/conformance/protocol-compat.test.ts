import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import * as protocol from '../../src/protocol/worker.ts';

/**
 * A worker and a server that are one minor version apart must understand each other. The schemas that 1.0 shipped
 * with are kept in protocol-1.0.json; they are never edited. A new minor version adds a file of its own.
 */
interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
}

const REQUESTS = ['RegisterRequest', 'LeaseRequest', 'ReportRequest', 'UpdateRequest', 'HeartbeatRequest'] as const;
const ANSWERS = ['RegisterAnswer', 'LeaseAnswer', 'ReportAnswer', 'HeartbeatAnswer', 'Commands'] as const;

const released = JSON.parse(readFileSync(path.join(import.meta.dirname, 'protocol-1.0.json'), 'utf8')) as Record<
  string,
  Schema
>;
const current = JSON.parse(JSON.stringify(protocol)) as Record<string, Schema>;

/**
 * Why `to` may not understand what `from` sends; empty = it does.
 * What the reader requires the writer must always send; what both know must be of one type; a word that the writer
 * may use the reader must know. Fields that the reader does not know it ignores.
 */
function misunderstandings(writer: Schema, reader: Schema, at: string): string[] {
  const found: string[] = [];
  if (writer.type !== reader.type) found.push(`${at}: ${writer.type} became ${reader.type}`);
  for (const name of reader.required ?? []) {
    if (!(writer.required ?? []).includes(name)) found.push(`${at}.${name}: required, but not always sent`);
  }
  for (const [name, property] of Object.entries(reader.properties ?? {})) {
    const written = writer.properties?.[name];
    if (written) found.push(...misunderstandings(written, property, `${at}.${name}`));
  }
  if (writer.items && reader.items) found.push(...misunderstandings(writer.items, reader.items, `${at}[]`));
  for (const word of writer.enum ?? []) {
    if (reader.enum && !reader.enum.includes(word)) found.push(`${at}: "${String(word)}" is not known`);
  }
  return found;
}

function schemaOf(schemas: Record<string, Schema>, name: string): Schema {
  const schema = schemas[name];
  if (!schema) throw new Error(`no schema ${name}`);
  return schema;
}

describe('the protocol between worker and server', () => {
  it.each(REQUESTS)('%s: either version of server understands either version of worker', (name) => {
    const [old, now] = [schemaOf(released, name), schemaOf(current, name)];
    expect(misunderstandings(old, now, name)).toEqual([]);
    expect(misunderstandings(now, old, name)).toEqual([]);
  });

  it.each(ANSWERS)('%s: either version of worker understands either version of server', (name) => {
    const [old, now] = [schemaOf(released, name), schemaOf(current, name)];
    expect(misunderstandings(old, now, name)).toEqual([]);
    expect(misunderstandings(now, old, name)).toEqual([]);
  });

  it.each([...REQUESTS, ...ANSWERS])('%s ignores fields that it does not know', (name) => {
    expect(JSON.stringify(schemaOf(current, name))).not.toContain('"additionalProperties":false');
  });

  it('would notice a field that became required, a type that changed, and a word that is new', () => {
    const old: Schema = { type: 'object', properties: { a: { type: 'string', enum: ['x'] } }, required: [] };
    const now: Schema = { type: 'object', properties: { a: { type: 'number', enum: ['y'] } }, required: ['a'] };
    expect(misunderstandings(old, now, 'M')).toHaveLength(3);
  });
});
