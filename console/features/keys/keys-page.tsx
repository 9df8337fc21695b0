import { DeleteOutlined, PlusOutlined } from '@ant-design/icons';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { App, Button, Tag } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ApiKey } from '../../api/sync-model.ts';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { useErrorMessage } from '../../ui/error-message.tsx';
import { ErrorNotice } from '../../ui/error-notice.tsx';
import { Page } from '../../ui/page.tsx';
import { PagesOf } from '../../ui/pages-of.tsx';
import { StatusBadge } from '../../ui/status-badge.tsx';
import { Moment, RelativeTime, useNow } from '../../ui/time.tsx';
import { CreateKey } from './create-key.tsx';
import { keyListQuery, PAGE_SIZE, useKeyMutations } from './key-queries.ts';
import styles from './keys-page.module.css';

const route = getRouteApi('/signed-in/keys');

function KeyState({ apiKey }: { readonly apiKey: ApiKey }) {
  const { t } = useTranslation();
  const now = useNow();
  if (apiKey.revoked_at) return <StatusBadge tone="quiet" label={t('keys.revoked')} />;
  if (apiKey.expires_at && Date.parse(apiKey.expires_at) <= now) {
    return <StatusBadge tone="warn" label={t('keys.expired')} />;
  }
  return <StatusBadge tone="good" label={t('keys.active')} />;
}

function RevokeButton({ apiKey }: { readonly apiKey: ApiKey }) {
  const { t } = useTranslation();
  const { message, modal } = App.useApp();
  const showError = useErrorMessage();
  const { revoke } = useKeyMutations();
  if (apiKey.revoked_at) return '–';
  const confirm = () =>
    void modal.confirm({
      title: t('keys.revokeTitle', { name: apiKey.name }),
      content: t('keys.revokeText'),
      okText: t('keys.revoke'),
      okButtonProps: { danger: true },
      cancelText: t('common.cancel'),
      onOk: () =>
        revoke
          .mutateAsync(apiKey.id)
          .then(() => void message.success(t('keys.revokedNow', { name: apiKey.name })), showError),
    });
  return (
    <Button
      danger
      size="small"
      icon={<DeleteOutlined aria-hidden />}
      aria-label={`${t('keys.revoke')}: ${apiKey.name}`}
      onClick={confirm}
    >
      {t('keys.revoke')}
    </Button>
  );
}

function useColumns(): Column<ApiKey>[] {
  const { t } = useTranslation();
  return [
    {
      key: 'name',
      title: t('sync.columns.name'),
      wide: true,
      render: ({ name, id }) => (
        <>
          <strong>{name}</strong>
          <div className={styles.id}>{id}</div>
        </>
      ),
    },
    {
      key: 'permissions',
      title: t('keys.permissions'),
      wide: true,
      render: ({ permissions }) => permissions.map((one) => <Tag key={one}>{one}</Tag>),
    },
    { key: 'state', title: t('sync.columns.status'), render: (apiKey) => <KeyState apiKey={apiKey} /> },
    {
      key: 'rate',
      title: t('keys.rateLimit'),
      render: ({ rate_limit: limit }) => limit ?? t('keys.commonLimit'),
    },
    {
      key: 'expires',
      title: t('keys.expires'),
      render: ({ expires_at: at }) => (at ? <Moment value={at} /> : t('common.never')),
    },
    {
      key: 'used',
      title: t('keys.lastUsed'),
      render: ({ last_used_at: at }) => (at ? <RelativeTime value={at} /> : t('common.never')),
    },
    { key: 'revoke', title: t('sync.columns.actions'), render: (apiKey) => <RevokeButton apiKey={apiKey} /> },
  ];
}

export function KeysPage() {
  const { t } = useTranslation();
  const { page = 1 } = route.useSearch();
  const navigate = route.useNavigate();
  const [creating, setCreating] = useState(false);
  const columns = useColumns();
  const { data, error, refetch } = useQuery(keyListQuery(page));
  return (
    <Page
      title={t('keys.title')}
      actions={
        <Button type="primary" icon={<PlusOutlined aria-hidden />} onClick={() => setCreating(true)}>
          {t('keys.create')}
        </Button>
      }
    >
      <p className={styles.intro}>{t('keys.intro')}</p>
      {error && <ErrorNotice error={error} onRetry={() => void refetch()} stale={data !== undefined} />}
      {(data || !error) && (
        <DataTable
          label={t('keys.title')}
          columns={columns}
          rows={data?.items}
          rowKey={(apiKey) => apiKey.id}
          empty={t('keys.empty')}
        />
      )}
      {data && (
        <PagesOf
          page={page}
          size={PAGE_SIZE}
          total={data.total}
          onChange={(next) => void navigate({ to: '.', search: next > 1 ? { page: next } : {} })}
        />
      )}
      {creating && <CreateKey onClose={() => setCreating(false)} />}
    </Page>
  );
}
