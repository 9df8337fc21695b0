import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { App, Button, Input } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../../../api/session.ts';
import type { Conflict, ConflictResolution } from '../../../api/sync-model.ts';
import dataStyles from '../../../ui/data-table.module.css';
import { useErrorMessage } from '../../../ui/error-message.tsx';
import { ErrorNotice } from '../../../ui/error-notice.tsx';
import { Facts } from '../../../ui/facts.tsx';
import { PendingPage } from '../../../ui/fallback-pages.tsx';
import { Page, Section } from '../../../ui/page.tsx';
import { Moment } from '../../../ui/time.tsx';
import styles from './conflict-page.module.css';
import { conflictQuery, useResolveConflict } from './conflict-queries.ts';
import { type ConflictField, conflictFields, shownValue, typedValue } from './conflict-rows.ts';
import { ConflictBadge } from './conflict-table.tsx';

const route = getRouteApi('/signed-in/sync/conflicts/$conflictId');

/** What somebody has typed, by column. */
type Edits = Readonly<Record<string, string>>;

interface FieldsProps {
  readonly fields: readonly ConflictField[];
  /** Absent where nothing can be decided any more. */
  readonly edits?: Edits;
  readonly onEdit: (name: string, text: string) => void;
}

function ConflictRows({ fields, edits, onEdit }: FieldsProps) {
  const { t } = useTranslation();
  const columns = ['base', 'source', 'target'] as const;
  return (
    <div className={dataStyles.frame}>
      <table className={dataStyles.table} aria-label={t('sync.conflict.values')}>
        <thead>
          <tr>
            <th scope="col">{t('sync.conflict.column')}</th>
            {columns.map((column) => (
              <th key={column} scope="col">
                {t(`sync.conflict.side.${column}`)}
              </th>
            ))}
            {edits && <th scope="col">{t('sync.conflict.side.merged')}</th>}
          </tr>
        </thead>
        <tbody>
          {fields.map((field) => (
            <tr key={field.name} className={field.differs ? styles.differs : undefined}>
              <td data-label={t('sync.conflict.column')}>
                <div>{field.name}</div>
              </td>
              {columns.map((column) => (
                <td key={column} data-label={t(`sync.conflict.side.${column}`)} className={styles.value}>
                  <div>{shownValue(field[column]) || '–'}</div>
                </td>
              ))}
              {edits && (
                <td data-label={t('sync.conflict.side.merged')}>
                  {field.differs ? (
                    <Input
                      aria-label={t('sync.conflict.mergedOf', { name: field.name })}
                      value={edits[field.name] ?? shownValue(field.source)}
                      onChange={(event) => onEdit(field.name, event.target.value)}
                    />
                  ) : (
                    <div>{shownValue(field.source ?? field.target) || '–'}</div>
                  )}
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The decision: the source's row, the destination's, or values of one's own. */
function Decision({ conflict, fields }: { readonly conflict: Conflict; readonly fields: readonly ConflictField[] }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const showError = useErrorMessage();
  const resolve = useResolveConflict();
  const [edits, setEdits] = useState<Edits>({});
  const decide = (resolution: ConflictResolution) =>
    resolve.mutate(
      { id: conflict.id, resolution },
      {
        onError: showError,
        onSuccess: ({ resolved_run: run }) => void message.success(t('sync.conflict.decided', { run: run ?? '' })),
      },
    );
  const values = () =>
    Object.fromEntries(
      fields
        .filter(({ differs }) => differs)
        .map(({ name, source }) => [name, typedValue(edits[name] ?? shownValue(source), source)]),
    );
  const chosen = resolve.input?.resolution.resolution;
  const busy = (one: ConflictResolution['resolution']) => resolve.isPending && chosen === one;
  return (
    <>
      <Section title={t('sync.conflict.values')}>
        <ConflictRows
          fields={fields}
          edits={edits}
          onEdit={(name, text) => setEdits((before) => ({ ...before, [name]: text }))}
        />
      </Section>
      <div className={styles.actions}>
        <Button type="primary" loading={busy('source')} onClick={() => decide({ resolution: 'source' })}>
          {t('sync.conflict.takeSource')}
        </Button>
        <Button loading={busy('target')} onClick={() => decide({ resolution: 'target' })}>
          {t('sync.conflict.keepTarget')}
        </Button>
        <Button loading={busy('values')} onClick={() => decide({ resolution: 'values', values: values() })}>
          {t('sync.conflict.writeValues')}
        </Button>
      </div>
    </>
  );
}

export function ConflictPage() {
  const { t } = useTranslation();
  const { conflictId } = route.useParams();
  const mayDecide = useMay('sync:write');
  const { data: conflict, error, refetch } = useQuery(conflictQuery(conflictId));
  if (!conflict) return error ? <ErrorNotice error={error} onRetry={() => void refetch()} /> : <PendingPage />;
  const fields = conflictFields(conflict);
  const open = conflict.status === 'pending' && mayDecide;
  return (
    <Page title={t('sync.conflict.of', { record: conflict.record_id })} extra={<ConflictBadge conflict={conflict} />}>
      {error && <ErrorNotice error={error} onRetry={() => void refetch()} stale />}
      <Facts
        facts={[
          {
            label: t('sync.conflict.job'),
            value: (
              <Link to="/sync/jobs/$jobId" params={{ jobId: conflict.job_id }}>
                {conflict.job_id}
              </Link>
            ),
          },
          { label: t('schema.fields.type'), value: t(`sync.conflict.type.${conflict.conflict_type}`) },
          { label: t('runs.id'), value: conflict.run_id },
          { label: t('sync.conflict.found'), value: <Moment value={conflict.created_at} /> },
          {
            label: t('sync.conflict.decidedAt'),
            value: conflict.resolved_at && <Moment value={conflict.resolved_at} />,
          },
          { label: t('sync.conflict.decidedBy'), value: conflict.resolved_by },
          { label: t('sync.conflict.carriedOut'), value: conflict.resolved_run },
          {
            label: t('sync.conflict.meaning'),
            value: t(`sync.conflict.typeText.${conflict.conflict_type}`),
            wide: true,
          },
        ]}
      />
      {open ? (
        <Decision key={conflict.id} conflict={conflict} fields={fields} />
      ) : (
        <Section title={t('sync.conflict.values')}>
          <ConflictRows fields={fields} onEdit={() => undefined} />
        </Section>
      )}
    </Page>
  );
}
