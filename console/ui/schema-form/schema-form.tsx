import { type ReactNode, useMemo } from 'react';
import { SchemaFormContext } from './context.ts';
import { SchemaField } from './schema-field.tsx';

interface SchemaFormProps {
  /** What is wrong, by path. */
  readonly problems: ReadonlyMap<string, string>;
  /** Optional fields that are shown at once, as `Title.name`. */
  readonly prominent: ReadonlySet<string>;
  readonly children: ReactNode;
}

/** What stands around fields that are drawn from JSON Schemas. */
export function SchemaForm({ problems, prominent, children }: SchemaFormProps) {
  const context = useMemo(() => ({ Field: SchemaField, problems, prominent }), [problems, prominent]);
  return <SchemaFormContext value={context}>{children}</SchemaFormContext>;
}
