import { type ErrorComponentProps, Link } from '@tanstack/react-router';
import { Button, Result, Skeleton } from 'antd';
import { useTranslation } from 'react-i18next';
import { ErrorNotice } from './error-notice.tsx';

export function PendingPage() {
  return <Skeleton active paragraph={{ rows: 6 }} />;
}

export function MissingPage() {
  const { t } = useTranslation();
  return <Result title={t('common.notFoundTitle')} extra={<Link to="/">{t('common.notFoundBack')}</Link>} />;
}

/** A page that threw: a fault of the console, or the server was away when its code was to be fetched. */
export function CrashPage({ error }: ErrorComponentProps) {
  const { t } = useTranslation();
  return (
    <Result
      status="warning"
      title={t('common.crashed')}
      subTitle={<ErrorNotice error={error} />}
      extra={<Button onClick={() => window.location.reload()}>{t('common.reload')}</Button>}
    />
  );
}
