import { useQuery } from '@tanstack/react-query';
import { Button, Checkbox, Form, Input, Segmented } from 'antd';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../../../api/errors.ts';
import type { Json, JsonObject } from '../../../api/sync-model.ts';
import { Card } from '../../../ui/card.tsx';
import { ErrorNotice } from '../../../ui/error-notice.tsx';
import { PendingPage } from '../../../ui/fallback-pages.tsx';
import formStyles from '../../../ui/form.module.css';
import { LinkButton } from '../../../ui/link-button.tsx';
import { fieldId, useProblem } from '../../../ui/schema-form/context.ts';
import { ObjectFields } from '../../../ui/schema-form/object-fields.tsx';
import { missingFields, type Schema, valueAt, withoutAbsent } from '../../../ui/schema-form/schema.ts';
import { SchemaField } from '../../../ui/schema-form/schema-field.tsx';
import { SchemaForm } from '../../../ui/schema-form/schema-form.tsx';
import { parseBody } from './job-body.ts';
import { connectorsQuery } from './job-queries.ts';
import { JOB_SETTINGS, PROMINENT } from './job-settings.ts';
import { ScheduleEditor } from './schedule-editor.tsx';

/** What is to be done with a job that is saved. */
export type Afterwards = 'show' | 'preview';

interface JobFormProps {
  readonly initial: JsonObject;
  readonly submitLabel: string;
  readonly submitting: boolean;
  /** Why the server has refused the last try. */
  readonly error: unknown;
  readonly onSubmit: (body: JsonObject, afterwards: Afterwards) => void;
  /** The job to go back to; absent: to the list. */
  readonly jobId?: string;
}

interface Schemas {
  readonly connector: Schema;
  readonly transformations: Schema;
  readonly destination: Schema;
}

/** `transformations[2].config` and `transformations.2.config` are the same place. */
function pathOf(field: string): string {
  return field.replaceAll(/\[(\d+)\]/g, '.$1');
}

interface PartProps {
  readonly body: JsonObject;
  readonly set: (name: string, value: Json | undefined) => void;
}

function AboutFields({ body, set, autoFocus }: PartProps & { readonly autoFocus: boolean }) {
  const { t } = useTranslation();
  const problem = useProblem('name');
  return (
    <>
      <Form.Item
        label={t('taskForm.name')}
        htmlFor={fieldId('name')}
        required
        validateStatus={problem ? 'error' : ''}
        help={problem}
      >
        <Input
          id={fieldId('name')}
          autoFocus={autoFocus}
          autoComplete="off"
          spellCheck={false}
          value={typeof body.name === 'string' ? body.name : ''}
          onChange={(event) => set('name', event.target.value)}
        />
      </Form.Item>
      <Form.Item label={t('taskForm.description')} htmlFor={fieldId('description')}>
        <Input.TextArea
          id={fieldId('description')}
          autoSize={{ minRows: 1, maxRows: 6 }}
          value={typeof body.description === 'string' ? body.description : ''}
          onChange={(event) => set('description', event.target.value || undefined)}
        />
      </Form.Item>
    </>
  );
}

/** The fields of a job, drawn from the server's schemas. */
function Fields({ schemas, body, onBody, isNew }: FieldsProps) {
  const { t } = useTranslation();
  const set = (name: string, value: Json | undefined) => onBody(withoutAbsent({ ...body, [name]: value }));
  const part = (name: keyof Schemas) => ({
    schema: schemas[name],
    value: body[name],
    onChange: (value: Json | undefined) => set(name, value),
    path: name,
    required: true,
  });
  return (
    <>
      <Card title={t('sync.form.about')}>
        <AboutFields body={body} set={set} autoFocus={isNew} />
      </Card>
      <Card title={t('sync.form.source')}>
        <SchemaField {...part('connector')} label={t('sync.form.sourceType')} />
      </Card>
      <Card title={t('sync.form.transformations')}>
        <SchemaField {...part('transformations')} label={t('sync.form.steps')} required={false} />
      </Card>
      <Card title={t('sync.form.destination')}>
        <SchemaField {...part('destination')} label={t('sync.form.destinationType')} />
      </Card>
      <Card title={t('sync.form.when')}>
        <ScheduleEditor value={body.schedule} onChange={(value) => set('schedule', value)} />
        <Form.Item extra={t('sync.form.enabledHint')}>
          <Checkbox checked={body.enabled !== false} onChange={(event) => set('enabled', event.target.checked)}>
            {t('sync.form.enabled')}
          </Checkbox>
        </Form.Item>
      </Card>
      <Card title={t('sync.form.how')}>
        <ObjectFields
          schema={JOB_SETTINGS}
          value={body}
          onChange={(changed) => onBody((changed ?? {}) as JsonObject)}
          path=""
        />
      </Card>
    </>
  );
}

interface FieldsProps {
  readonly schemas: Schemas;
  readonly body: JsonObject;
  readonly onBody: (body: JsonObject) => void;
  readonly isNew: boolean;
}

/** All of it as text, for what the fields cannot say and for copying. */
function JsonEditor({ text, onText }: { readonly text: string; readonly onText: (text: string) => void }) {
  const { t } = useTranslation();
  const broken = bodyOrNothing(text) === undefined;
  return (
    <Card title={t('sync.form.json')}>
      <Form.Item
        extra={t('sync.form.jsonHint')}
        validateStatus={broken ? 'error' : ''}
        help={broken ? t('schema.noJson') : undefined}
      >
        <Input.TextArea
          className={formStyles.code ?? ''}
          aria-label={t('sync.form.json')}
          spellCheck={false}
          autoSize={{ minRows: 20, maxRows: 60 }}
          value={text}
          onChange={(event) => onText(event.target.value)}
        />
      </Form.Item>
    </Card>
  );
}

function bodyOrNothing(text: string): JsonObject | undefined {
  try {
    return parseBody(text);
  } catch {
    return undefined;
  }
}

/** What the server has refused of `sent`, by path, less what was changed since; and what is missing here. */
function problemsOf(error: unknown, sent: JsonObject, now: JsonObject, missing: readonly string[], needed: string) {
  const details = error instanceof ApiError ? error.details : [];
  const refused = details.map(({ field, message }) => [pathOf(field), message] as const);
  const standing = refused.filter(
    ([path]) => JSON.stringify(valueAt(sent, path)) === JSON.stringify(valueAt(now, path)),
  );
  return new Map([...standing, ...missing.map((path) => [path, needed] as const)]);
}

/** Leads to the first problem whenever somebody has tried to save. */
function useFocusOnProblem(problems: ReadonlyMap<string, string>, tries: number, error: unknown): void {
  const latest = useRef(problems);
  latest.current = problems;
  // biome-ignore lint/correctness/useExhaustiveDependencies: at each try, and when its answer has come
  useEffect(() => {
    const [first] = latest.current.keys();
    const element = first === undefined ? null : document.getElementById(fieldId(first));
    element?.scrollIntoView({ block: 'center' });
    element?.focus();
  }, [tries, error]);
}

const formOf = (schemas: Schemas): Schema => ({
  required: ['name', 'connector', 'destination'],
  properties: { name: { type: 'string' }, ...schemas },
});

function LoadedForm(props: JobFormProps & { readonly schemas: Schemas }) {
  const { schemas, initial, submitLabel, submitting, error, onSubmit, jobId } = props;
  const { t } = useTranslation();
  const [body, setBody] = useState(initial);
  /** Absent while the fields are shown. */
  const [text, setText] = useState<string>();
  const [sent, setSent] = useState(initial);
  const [tries, setTries] = useState(0);
  const shown = text === undefined ? body : bodyOrNothing(text);
  // As text nothing can be pointed at: there the server's words have to do.
  const missing = tries > 0 && text === undefined ? missingFields(formOf(schemas), body, '') : [];
  const problems = problemsOf(error, sent, body, missing, t('schema.needed'));
  useFocusOnProblem(problems, tries, error);

  const toMode = (mode: 'form' | 'json') => {
    if (mode === 'json') return setText(JSON.stringify(body, null, 2));
    if (!shown) return undefined;
    setBody(shown);
    return setText(undefined);
  };
  const submit = (afterwards: Afterwards) => {
    setTries(tries + 1);
    if (!shown || (text === undefined && missingFields(formOf(schemas), shown, '').length > 0)) return;
    setSent(shown);
    onSubmit(shown, afterwards);
  };
  return (
    <Form className={formStyles.form ?? ''} layout="vertical" onFinish={() => submit('show')}>
      <div className={formStyles.mode}>
        <Segmented
          aria-label={t('sync.form.mode')}
          value={text === undefined ? 'form' : 'json'}
          options={[
            { value: 'form' as const, label: t('sync.form.fields'), disabled: !shown },
            { value: 'json' as const, label: 'JSON' },
          ]}
          onChange={toMode}
        />
      </div>
      <SchemaForm problems={problems} prominent={PROMINENT}>
        {text === undefined ? (
          <Fields schemas={schemas} body={body} onBody={setBody} isNew={jobId === undefined} />
        ) : (
          <JsonEditor text={text} onText={setText} />
        )}
      </SchemaForm>
      {Boolean(error) && (
        <div className={formStyles.notice}>
          <ErrorNotice error={error} withDetails />
        </div>
      )}
      {missing.length > 0 && (
        <div className={formStyles.notice}>
          <ErrorNotice error={new Error(t('sync.form.missing', { count: missing.length }))} />
        </div>
      )}
      <div className={formStyles.actions}>
        <Button type="primary" htmlType="submit" loading={submitting} disabled={!shown}>
          {submitLabel}
        </Button>
        <Button loading={submitting} disabled={!shown} onClick={() => submit('preview')}>
          {t('sync.form.saveAndPreview')}
        </Button>
        {jobId === undefined ? (
          <LinkButton to="/sync/jobs">{t('common.cancel')}</LinkButton>
        ) : (
          <LinkButton to="/sync/jobs/$jobId" params={{ jobId }}>
            {t('common.cancel')}
          </LinkButton>
        )}
      </div>
    </Form>
  );
}

/** A job in fields, or as JSON. What the server refuses is said at the field that it names. */
export function JobForm(props: JobFormProps) {
  const { data, error, refetch } = useQuery(connectorsQuery);
  if (!data) return error ? <ErrorNotice error={error} onRetry={() => void refetch()} /> : <PendingPage />;
  // They are JSON Schemas, which the document of the API cannot say.
  return <LoadedForm {...props} schemas={data as Schemas} />;
}
