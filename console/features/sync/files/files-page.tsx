import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Button, Input } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../../../api/errors.ts';
import { useMay } from '../../../api/session.ts';
import type { LoadedFile } from '../../../api/sync-model.ts';
import { useLanguage } from '../../../i18n/i18n.ts';
import { useErrorMessage } from '../../../ui/error-message.tsx';
import { ErrorNotice } from '../../../ui/error-notice.tsx';
import { Facts } from '../../../ui/facts.tsx';
import { formatBytes } from '../../../ui/format.ts';
import pageStyles from '../../../ui/page.module.css';
import { Page, Section } from '../../../ui/page.tsx';
import { StatusBadge, type Tone } from '../../../ui/status-badge.tsx';
import { RelativeTime } from '../../../ui/time.tsx';
import { fileQuery, useFileRetry } from './file-queries.ts';
import styles from './files-page.module.css';
import { forgetFile, rememberFile, useRecentFiles } from './recent-files.ts';
import { UploadForm } from './upload-form.tsx';

const TONES: Record<LoadedFile['status'], Tone> = { processing: 'busy', completed: 'good', failed: 'bad' };

/** The first errors of a file that was loaded. */
function FileErrors({ file }: { readonly file: LoadedFile }) {
  const { t } = useTranslation();
  if (file.errors.length === 0) return null;
  return (
    <details className={styles.errors}>
      <summary>{t('sync.files.rejected', { count: file.rejected_count })}</summary>
      <ul>
        {file.errors.map(({ line, message }) => (
          <li key={`${line} ${message}`}>
            {t('sync.quarantine.line', { line })}: {message}
          </li>
        ))}
      </ul>
    </details>
  );
}

function LoadError({ id, error }: { readonly id: string; readonly error: string }) {
  const showError = useErrorMessage();
  const mayRetry = useMay('sync:write');
  const retry = useFileRetry();
  const again = () => retry.mutate(id, { onError: showError });
  return <ErrorNotice error={new Error(error)} {...(mayRetry && !retry.isPending ? { onRetry: again } : {})} />;
}

function FileCard({ id }: { readonly id: string }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const number = new Intl.NumberFormat(language);
  const { data: file, error, refetch } = useQuery(fileQuery(id));
  if (error instanceof ApiError && error.status === 404) {
    return (
      <div className={styles.file}>
        <span>{t('sync.files.gone', { id })}</span>
        <Button size="small" onClick={() => forgetFile(id)}>
          {t('sync.files.forget')}
        </Button>
      </div>
    );
  }
  if (!file) return error ? <ErrorNotice error={error} onRetry={() => void refetch()} /> : null;
  const kept = file.dataset === null;
  return (
    <article className={styles.file} aria-label={file.filename}>
      <header>
        <strong>{file.filename}</strong>
        <StatusBadge
          tone={TONES[file.status]}
          label={t(kept ? 'sync.files.kept' : `sync.files.status.${file.status}`)}
          live={file.status === 'processing'}
        />
      </header>
      {file.error && <LoadError id={id} error={file.error} />}
      <Facts
        facts={[
          { label: t('schema.fields.file_id'), value: <code>{file.file_id}</code> },
          { label: t('sync.files.size'), value: formatBytes(file.size_bytes, language) },
          { label: t('schema.fields.format'), value: t(`schema.values.${file.format}`) },
          { label: t('sync.files.records'), value: file.records_count !== null && number.format(file.records_count) },
          {
            label: t('schema.values.dataset'),
            value: file.dataset && (
              <Link to="/sync/datasets" search={{ search: file.dataset }}>
                {file.dataset}
              </Link>
            ),
          },
          { label: t('task.created'), value: <RelativeTime value={file.created_at} /> },
        ]}
      />
      <FileErrors file={file} />
    </article>
  );
}

function LookUp() {
  const { t } = useTranslation();
  const [id, setId] = useState('');
  return (
    <Input.Search
      className={styles.lookUp ?? ''}
      aria-label={t('sync.files.lookUp')}
      placeholder={t('sync.files.lookUp')}
      value={id}
      enterButton={t('sync.files.show')}
      onChange={(event) => setId(event.target.value)}
      onSearch={(text) => {
        if (/^file_\d+$/.test(text.trim())) rememberFile(text.trim());
      }}
    />
  );
}

export function FilesPage() {
  const { t } = useTranslation();
  const files = useRecentFiles();
  const mayUpload = useMay('sync:write');
  return (
    <Page title={t('sync.files.title')}>
      {mayUpload && <UploadForm />}
      <Section title={t('sync.files.recent')}>
        <div className={pageStyles.stack}>
          <LookUp />
          {files.length === 0 && <p className={styles.none}>{t('sync.files.none')}</p>}
          {files.map((id) => (
            <FileCard key={id} id={id} />
          ))}
        </div>
      </Section>
    </Page>
  );
}
