import { type ComponentType, createContext, useContext } from 'react';
import type { Json } from '../../api/sync-model.ts';
import { useLanguage, useTexts } from '../../i18n/i18n.ts';
import type { Schema } from './schema.ts';

export interface FieldProps {
  readonly schema: Schema;
  /** Absent while nothing is entered. */
  readonly value: Json | undefined;
  readonly onChange: (value: Json | undefined) => void;
  /** Where it stands in the whole, such as `connector.config.endpoints.0.path`. */
  readonly path: string;
  readonly label: string;
  readonly hint?: string | undefined;
  readonly required?: boolean;
}

export interface SchemaFormContext {
  /** Draws any field: what holds others finds it here, since schemas hold schemas without end. */
  readonly Field: ComponentType<FieldProps>;
  /** What is wrong, by path. */
  readonly problems: ReadonlyMap<string, string>;
  /** Optional fields that are shown at once, as `Title.name`; the others stand under “More settings”. */
  readonly prominent: ReadonlySet<string>;
}

export const SchemaFormContext = createContext<SchemaFormContext | undefined>(undefined);

export function useSchemaForm(): SchemaFormContext {
  const context = useContext(SchemaFormContext);
  if (!context) throw new Error('a field of a schema stands in no SchemaForm');
  return context;
}

/** The element of the field at `path`. */
export function fieldId(path: string): string {
  return `field-${path}`;
}

/** What is wrong with the field at `path` itself. */
export function useProblem(path: string): string | undefined {
  return useSchemaForm().problems.get(path);
}

/** The schema's names in the reader's language, as far as they are known; the schema's own otherwise. */
export function useSchemaWords() {
  const language = useLanguage();
  const { schema } = useTexts();
  const fields: Readonly<Record<string, string>> = schema.fields;
  const values: Readonly<Record<string, string>> = schema.values;
  return {
    label: (name: string): string => fields[name] ?? name,
    value: (name: string): string => values[name] ?? name,
    /** @param owner the title of the object whose field it is */
    hint: (owner: string | undefined, name: string, { description }: Schema): string | undefined =>
      schema.hints[`${owner}.${name}`] ?? schema.hints[name] ?? (language === 'en' ? description : undefined),
  };
}
