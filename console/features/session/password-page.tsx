import { useMutation } from '@tanstack/react-query';
import { Button, Form, Input } from 'antd';
import { useTranslation } from 'react-i18next';
import { changePassword, useUser } from '../../api/session.ts';
import { ErrorNotice } from '../../ui/error-notice.tsx';
import formStyles from '../../ui/form.module.css';
import { Page } from '../../ui/page.tsx';
import styles from './password-page.module.css';

const LEAST = 10;

interface Passwords {
  readonly current: string;
  readonly fresh: string;
  readonly repeated: string;
}

/** One's own password. A change ends all sessions: the sign-in comes next. */
export function PasswordPage() {
  const { t } = useTranslation();
  const user = useUser();
  const change = useMutation({ mutationFn: ({ current, fresh }: Passwords) => changePassword(current, fresh) });
  return (
    <Page title={t('password.title')}>
      <Form<Passwords>
        className={`${formStyles.card} ${styles.card}`}
        layout="vertical"
        requiredMark={false}
        disabled={change.isPending}
        onFinish={(passwords) => change.mutate(passwords)}
      >
        <p className={styles.hint}>{t('password.hint')}</p>
        {/* Password managers want to know whose it is. */}
        <input type="text" name="username" autoComplete="username" value={user?.username ?? ''} readOnly hidden />
        <Form.Item
          name="current"
          label={t('password.current')}
          rules={[{ required: true, message: t('session.passwordMissing') }]}
        >
          <Input.Password autoFocus autoComplete="current-password" />
        </Form.Item>
        <Form.Item
          name="fresh"
          label={t('password.fresh')}
          extra={t('password.rule', { count: LEAST })}
          rules={[{ required: true, min: LEAST, message: t('password.rule', { count: LEAST }) }]}
        >
          <Input.Password autoComplete="new-password" />
        </Form.Item>
        <Form.Item
          name="repeated"
          label={t('password.repeated')}
          dependencies={['fresh']}
          rules={[
            ({ getFieldValue }) => ({
              validator: (_, value) =>
                value === getFieldValue('fresh') ? Promise.resolve() : Promise.reject(new Error(t('password.differs'))),
            }),
          ]}
        >
          <Input.Password autoComplete="new-password" />
        </Form.Item>
        {change.error && (
          <div className={formStyles.notice}>
            <ErrorNotice error={change.error} withDetails />
          </div>
        )}
        <Button className={styles.submit ?? ''} type="primary" htmlType="submit" loading={change.isPending}>
          {t('password.submit')}
        </Button>
      </Form>
    </Page>
  );
}
