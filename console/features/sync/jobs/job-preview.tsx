import { EyeOutlined } from '@ant-design/icons';
import { Alert, Button, InputNumber, Skeleton } from 'antd';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { isJsonObject, type SyncJob, type SyncPreview } from '../../../api/sync-model.ts';
import { ErrorNotice } from '../../../ui/error-notice.tsx';
import { Section } from '../../../ui/page.tsx';
import { RecordTable } from '../../../ui/record-table.tsx';
import styles from './job-quarantine.module.css';
import { usePreview } from './job-queries.ts';

const ROWS = 10;

function Rejected({ rejected }: { readonly rejected: SyncPreview['rejected'] }) {
  const { t } = useTranslation();
  if (rejected.length === 0) return null;
  return (
    <Section title={t('sync.preview.rejected', { count: rejected.length })}>
      <RecordTable label={t('sync.preview.rejectedLabel')} records={rejected} />
    </Section>
  );
}

function Result({ preview }: { readonly preview: SyncPreview }) {
  const { t } = useTranslation();
  const { before, after, rejected } = preview;
  const failure = 'failure' in preview && isJsonObject(preview.failure) ? preview.failure.message : preview.failure;
  return (
    <>
      {typeof failure === 'string' && <Alert type="error" showIcon title={failure} />}
      <Section title={t('sync.preview.before', { count: before.length })}>
        <RecordTable label={t('sync.preview.beforeLabel')} records={before} empty={t('sync.preview.nothing')} />
      </Section>
      <Section title={t('sync.preview.after', { count: after.length })}>
        <RecordTable label={t('sync.preview.afterLabel')} records={after} empty={t('sync.preview.nothingLeft')} />
      </Section>
      <Rejected rejected={rejected} />
    </>
  );
}

/** The first records of the source, before and after the transformations. It asks the source each time. */
export function JobPreview({ job }: { readonly job: SyncJob }) {
  const { t } = useTranslation();
  const [limit, setLimit] = useState(ROWS);
  const { mutate, data, error, isPending } = usePreview();
  // At once when the page is opened, and again when the job was changed meanwhile.
  const asked = useRef<string>(undefined);
  useEffect(() => {
    if (asked.current === job.updated_at) return;
    asked.current = job.updated_at;
    mutate({ id: job.id, limit: ROWS });
  }, [job.id, job.updated_at, mutate]);
  return (
    <>
      <div className={styles.head}>
        <p>{t('sync.preview.hint')}</p>
        <span>
          {t('sync.preview.rows')}{' '}
          <InputNumber
            aria-label={t('sync.preview.rows')}
            min={1}
            max={100}
            precision={0}
            value={limit}
            onChange={(value) => setLimit(value ?? ROWS)}
          />
        </span>
        <Button icon={<EyeOutlined aria-hidden />} loading={isPending} onClick={() => mutate({ id: job.id, limit })}>
          {t('sync.preview.again')}
        </Button>
      </div>
      {error && !isPending && <ErrorNotice error={error} onRetry={() => mutate({ id: job.id, limit })} />}
      {isPending && <Skeleton active title={false} paragraph={{ rows: 6 }} />}
      {data && !isPending && !error && <Result preview={data} />}
    </>
  );
}
