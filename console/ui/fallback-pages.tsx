import { type ErrorComponentProps, Link } from '@tanstack/react-router';
import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { ErrorNotice } from './error-notice.tsx';
import styles from './fallback-pages.module.css';

export function PendingPage() {
  const { t } = useTranslation();
  return (
    <p className={styles.pending} aria-busy="true">
      {t('common.loading')}
    </p>
  );
}

export function MissingPage() {
  const { t } = useTranslation();
  return (
    <main className={styles.notice}>
      <h1>{t('common.notFoundTitle')}</h1>
      <Link to="/">{t('common.notFoundBack')}</Link>
    </main>
  );
}

/** A page that threw: a fault of the console, or the server was away when its code was to be fetched. */
export function CrashPage({ error }: ErrorComponentProps) {
  const { t } = useTranslation();
  return (
    <div className={styles.notice}>
      <h1>{t('common.crashed')}</h1>
      <ErrorNotice error={error} />
      <Button onClick={() => window.location.reload()}>{t('common.reload')}</Button>
    </div>
  );
}
