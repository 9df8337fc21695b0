import { Alert, Button, Form, Input, InputNumber, Modal, Select, Typography } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useUser } from '../../api/session.ts';
import type { KeyPermission } from '../../api/sync-model.ts';
import { ErrorNotice } from '../../ui/error-notice.tsx';
import formStyles from '../../ui/form.module.css';
import { MomentInput } from '../../ui/moment-input.tsx';
import { useKeyMutations } from './key-queries.ts';

interface KeyValues {
  readonly name: string;
  readonly permissions: KeyPermission[];
  readonly expires_at: string | null | undefined;
  readonly rate_limit: number | null | undefined;
}

/** The one moment at which a key can be read. */
function ShownOnce({ secret }: { readonly secret: string }) {
  const { t } = useTranslation();
  return (
    <>
      <Alert type="warning" showIcon title={t('keys.shownOnce')} />
      <Typography.Paragraph copyable={{ text: secret }} style={{ marginTop: 16, overflowWrap: 'anywhere' }}>
        <code>{secret}</code>
      </Typography.Paragraph>
    </>
  );
}

/** Asks what a new key may do, and shows it. */
export function CreateKey({ onClose }: { readonly onClose: () => void }) {
  const { t } = useTranslation();
  const user = useUser();
  const { create } = useKeyMutations();
  const [secret, setSecret] = useState<string>();
  const submit = ({ name, permissions, expires_at, rate_limit }: KeyValues) =>
    create.mutate(
      { name, permissions, expires_at: expires_at ?? null, rate_limit: rate_limit ?? null },
      { onSuccess: ({ key }) => setSecret(key) },
    );
  return (
    <Modal open title={t('keys.create')} footer={null} onCancel={onClose} mask={{ closable: false }}>
      {secret === undefined ? (
        <Form<KeyValues> layout="vertical" disabled={create.isPending} onFinish={submit}>
          <Form.Item
            name="name"
            label={t('taskForm.name')}
            rules={[{ required: true, whitespace: true, message: t('taskForm.required') }]}
          >
            <Input autoFocus autoComplete="off" />
          </Form.Item>
          <Form.Item
            name="permissions"
            label={t('keys.permissions')}
            extra={t('keys.permissionsHint')}
            rules={[{ required: true, message: t('taskForm.required') }]}
          >
            <Select mode="multiple" options={(user?.permissions ?? []).map((value) => ({ value, label: value }))} />
          </Form.Item>
          <Form.Item name="expires_at" label={t('keys.expires')} extra={t('keys.expiresHint')}>
            <MomentInput />
          </Form.Item>
          <Form.Item name="rate_limit" label={t('keys.rateLimit')} extra={t('keys.rateLimitHint')}>
            <InputNumber className={formStyles.number ?? ''} min={1} max={1_000_000} precision={0} />
          </Form.Item>
          {create.error && (
            <div className={formStyles.notice}>
              <ErrorNotice error={create.error} withDetails />
            </div>
          )}
          <div className={formStyles.actions}>
            <Button type="primary" htmlType="submit" loading={create.isPending}>
              {t('keys.create')}
            </Button>
            <Button onClick={onClose}>{t('common.cancel')}</Button>
          </div>
        </Form>
      ) : (
        <>
          <ShownOnce secret={secret} />
          <Button type="primary" onClick={onClose}>
            {t('keys.noted')}
          </Button>
        </>
      )}
    </Modal>
  );
}
