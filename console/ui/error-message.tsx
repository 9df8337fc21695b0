import { App } from 'antd';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../api/errors.ts';
import { ErrorDetails, errorText } from './error-notice.tsx';

/** @returns a function that shows why something that a button started has failed */
export function useErrorMessage(): (error: unknown) => void {
  const { t } = useTranslation();
  const { notification } = App.useApp();
  return (error) =>
    notification.error({
      title: errorText(error, t),
      description: (
        <>
          <ErrorDetails error={error} />
          {error instanceof ApiError && error.requestId && `${t('common.requestId')}: ${error.requestId}`}
        </>
      ),
      // It stays until it is closed: it holds what somebody may need to copy.
      duration: false,
    });
}
