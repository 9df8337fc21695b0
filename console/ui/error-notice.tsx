import { Alert, Button } from 'antd';
import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../api/errors.ts';
import styles from './error-notice.module.css';

/** The server's words where it has sent some, ours where it could not. */
export function errorText(error: unknown, t: TFunction): string {
  if (!(error instanceof ApiError)) return error instanceof Error ? error.message : String(error);
  if (error.status === 0) return t('common.unreachable');
  return error.message || t('common.unexpected', { status: error.status });
}

/** Which fields are wrong, and how. */
export function ErrorDetails({ error }: { readonly error: unknown }) {
  if (!(error instanceof ApiError) || error.details.length === 0) return null;
  return (
    <ul className={styles.details}>
      {error.details.map(({ field, message }) => (
        <li key={`${field} ${message}`}>
          <code>{field}</code>: {message}
        </li>
      ))}
    </ul>
  );
}

interface ErrorNoticeProps {
  readonly error: unknown;
  readonly onRetry?: () => void;
  /** Says more than the error itself: what is shown beside it is old. */
  readonly stale?: boolean;
  /** Whether to say what is wrong with which field: where no field is there to say it. */
  readonly withDetails?: boolean;
}

/** An error in words, with the request id that finds it in the server's log. */
export function ErrorNotice({ error, onRetry, stale = false, withDetails = false }: ErrorNoticeProps) {
  const { t } = useTranslation();
  const requestId = error instanceof ApiError ? error.requestId : undefined;
  const text = errorText(error, t);
  return (
    <Alert
      type={stale ? 'warning' : 'error'}
      showIcon
      role="alert"
      title={
        <>
          {stale ? `${t('common.stale')}: ${text}` : text}
          {withDetails && <ErrorDetails error={error} />}
          {requestId && (
            <div className={styles.id}>
              {t('common.requestId')}: <code>{requestId}</code>
            </div>
          )}
        </>
      }
      action={
        onRetry && (
          <Button size="small" onClick={onRetry}>
            {t('common.retry')}
          </Button>
        )
      }
    />
  );
}
