import { RedoOutlined } from '@ant-design/icons';
import { useQuery } from '@tanstack/react-query';
import { App, Button, Checkbox } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../../../api/session.ts';
import type { Quarantined, SyncJob } from '../../../api/sync-model.ts';
import { type Column, DataTable } from '../../../ui/data-table.tsx';
import { useErrorMessage } from '../../../ui/error-message.tsx';
import { ErrorNotice } from '../../../ui/error-notice.tsx';
import { PagesOf } from '../../../ui/pages-of.tsx';
import { RelativeTime } from '../../../ui/time.tsx';
import styles from './job-quarantine.module.css';
import { PAGE_SIZE, quarantineQuery, useJobMutations } from './job-queries.ts';

interface Selection {
  readonly ids: ReadonlySet<number>;
  toggle(id: number, chosen: boolean): void;
}

function useColumns(selection: Selection | undefined): Column<Quarantined>[] {
  const { t } = useTranslation();
  const choice: Column<Quarantined> = {
    key: 'choice',
    title: t('sync.quarantine.choose'),
    render: (record) =>
      record.can_be_redriven ? (
        <Checkbox
          aria-label={t('sync.quarantine.chooseOne', { id: record.id })}
          checked={selection?.ids.has(record.id) ?? false}
          onChange={(event) => selection?.toggle(record.id, event.target.checked)}
        >
          {record.id}
        </Checkbox>
      ) : (
        record.id
      ),
  };
  return [
    selection ? choice : { key: 'id', title: t('sync.quarantine.id'), render: ({ id }) => id },
    { key: 'reason', title: t('sync.quarantine.reason'), wide: true, render: (record) => record.reason },
    { key: 'field', title: t('schema.fields.field'), render: (record) => record.field ?? '–' },
    {
      key: 'place',
      title: t('sync.quarantine.place'),
      render: ({ line, record }) =>
        line === null ? t('sync.quarantine.record', { record }) : t('sync.quarantine.line', { line }),
    },
    {
      key: 'raw',
      title: t('sync.quarantine.raw'),
      wide: true,
      render: (record) => <code className={styles.raw}>{record.raw}</code>,
    },
    {
      key: 'state',
      title: t('sync.quarantine.state'),
      render: (record) =>
        record.redriven_by ? (
          t('sync.quarantine.redriven', { run: record.redriven_by })
        ) : (
          <RelativeTime value={record.created_at} />
        ),
    },
  ];
}

interface JobQuarantineProps {
  readonly job: SyncJob;
  readonly page: number;
  readonly onPage: (page: number) => void;
}

/** The records that a job has refused; those that came whole can be taken again. */
export function JobQuarantine({ job, page, onPage }: JobQuarantineProps) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const showError = useErrorMessage();
  const mayRedrive = useMay('sync:write');
  const { redrive } = useJobMutations();
  const [ids, setIds] = useState<ReadonlySet<number>>(new Set());
  const { data, error, refetch } = useQuery(quarantineQuery(job.id, page));
  const toggle = (id: number, chosen: boolean) =>
    setIds((before) => new Set(chosen ? [...before, id] : [...before].filter((one) => one !== id)));
  const columns = useColumns(mayRedrive ? { ids, toggle } : undefined);
  const start = () =>
    redrive.mutate(
      { id: job.id, records: [...ids] },
      {
        onError: showError,
        onSuccess: ({ records, run_id: run }) => {
          setIds(new Set());
          void message.success(t('sync.quarantine.started', { count: records, run }));
        },
      },
    );
  const waiting = data?.items.some((record) => record.can_be_redriven) ?? false;
  return (
    <>
      <div className={styles.head}>
        <p>{t('sync.quarantine.hint')}</p>
        {mayRedrive && waiting && (
          <Button type="primary" icon={<RedoOutlined aria-hidden />} loading={redrive.isPending} onClick={start}>
            {ids.size > 0 ? t('sync.quarantine.redriveSome', { count: ids.size }) : t('sync.quarantine.redriveAll')}
          </Button>
        )}
      </div>
      {error && <ErrorNotice error={error} onRetry={() => void refetch()} stale={data !== undefined} />}
      {(data || !error) && (
        <DataTable
          label={t('sync.tab.quarantine')}
          columns={columns}
          rows={data?.items}
          rowKey={(record) => record.id}
          empty={t('sync.quarantine.empty')}
        />
      )}
      {data && <PagesOf page={page} size={PAGE_SIZE} total={data.total} onChange={onPage} />}
    </>
  );
}
