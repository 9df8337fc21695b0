import { UploadOutlined } from '@ant-design/icons';
import { App, Button, Form, Segmented } from 'antd';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../../../api/errors.ts';
import { isJsonObject, type JsonObject } from '../../../api/sync-model.ts';
import { type Upload, upload } from '../../../api/upload.ts';
import { useCreation } from '../../../api/use-creation.ts';
import { useLanguage } from '../../../i18n/i18n.ts';
import { Bar } from '../../../ui/bar.tsx';
import { Card } from '../../../ui/card.tsx';
import { ErrorNotice } from '../../../ui/error-notice.tsx';
import formStyles from '../../../ui/form.module.css';
import { formatBytes } from '../../../ui/format.ts';
import { ObjectFields } from '../../../ui/schema-form/object-fields.tsx';
import { SchemaForm } from '../../../ui/schema-form/schema-form.tsx';
import styles from './files-page.module.css';
import { rememberFile } from './recent-files.ts';
import { UPLOAD_OPTIONS, UPLOAD_PROMINENT } from './upload-options.ts';

/** Sends one file at a time, and tells how far it is. */
function useUpload() {
  const [part, setPart] = useState(0);
  const abort = useRef<AbortController>(undefined);
  useEffect(() => () => abort.current?.abort(), []);
  const sending = useCreation((what: Upload, headers) => {
    abort.current = new AbortController();
    setPart(0);
    return upload(what, { signal: abort.current.signal, headers, onProgress: setPart });
  });
  return { ...sending, part, stop: () => abort.current?.abort() };
}

function Chooser({ file, onFile }: { readonly file: File | undefined; readonly onFile: (file: File) => void }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  return (
    // A button is what is reached by keyboard; the frame only takes what is dropped.
    // biome-ignore lint/a11y/noStaticElementInteractions: see above
    <div
      className={`${styles.drop} ${over ? styles.over : ''}`}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        const [dropped] = event.dataTransfer.files;
        if (dropped) onFile(dropped);
      }}
    >
      <input
        ref={input}
        className={styles.input}
        type="file"
        tabIndex={-1}
        aria-hidden
        onChange={(event) => {
          const [chosen] = event.target.files ?? [];
          if (chosen) onFile(chosen);
          // The same one may be chosen again, when it has changed meanwhile.
          event.target.value = '';
        }}
      />
      <Button icon={<UploadOutlined aria-hidden />} onClick={() => input.current?.click()}>
        {t('sync.files.choose')}
      </Button>
      {file ? (
        <strong>
          {file.name} · {formatBytes(file.size, language)}
        </strong>
      ) : (
        <span>{t('sync.files.drop')}</span>
      )}
    </div>
  );
}

/** A file to send, and what becomes of it. */
export function UploadForm() {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const [file, setFile] = useState<File>();
  const [load, setLoad] = useState(true);
  const [fields, setFields] = useState<JsonObject>({});
  const { mutate, part, stop, isPending, error } = useUpload();
  const problems = useMemo(() => {
    const details = error instanceof ApiError ? error.details : [];
    return new Map(details.map(({ field, message: text }) => [field.replace(/^options\./, ''), text]));
  }, [error]);

  const send = () => {
    if (!file) return;
    const { format, ...options } = fields;
    const shown = load ? options : { load: false };
    mutate(
      { file, options: shown, format: typeof format === 'string' ? format : undefined },
      {
        onSuccess: (sent) => {
          rememberFile(sent.file_id);
          setFile(undefined);
          void message.success(t('sync.files.sent', { name: sent.filename, id: sent.file_id }));
        },
      },
    );
  };
  return (
    <Card title={t('sync.files.upload')}>
      <Form layout="vertical" onFinish={send}>
        <Chooser file={file} onFile={setFile} />
        <Form.Item extra={t(load ? 'sync.files.loadHint' : 'sync.files.keepHint')}>
          <Segmented<'load' | 'keep'>
            aria-label={t('sync.files.purpose')}
            value={load ? 'load' : 'keep'}
            options={[
              { value: 'load', label: t('sync.files.load') },
              { value: 'keep', label: t('sync.files.keep') },
            ]}
            onChange={(value) => setLoad(value === 'load')}
          />
        </Form.Item>
        {load && (
          <SchemaForm problems={problems} prominent={UPLOAD_PROMINENT}>
            <ObjectFields
              schema={UPLOAD_OPTIONS}
              value={fields}
              onChange={(changed) => setFields(isJsonObject(changed) ? changed : {})}
              path=""
            />
          </SchemaForm>
        )}
        {error && (
          <div className={formStyles.notice}>
            <ErrorNotice error={error} withDetails />
          </div>
        )}
        <div className={styles.send}>
          <Button type="primary" htmlType="submit" disabled={!file} loading={isPending}>
            {t('sync.files.send')}
          </Button>
          {isPending && (
            <>
              <Bar value={part} max={1} label={t('sync.files.progress')} />
              <Button onClick={stop}>{t('common.cancel')}</Button>
            </>
          )}
        </div>
      </Form>
    </Card>
  );
}
