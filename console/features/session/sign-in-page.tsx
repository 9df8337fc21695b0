import { useMutation } from '@tanstack/react-query';
import { getRouteApi, useRouter } from '@tanstack/react-router';
import { Alert, Button, Form, Input } from 'antd';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { sessionState, signIn } from '../../api/session.ts';
import { Brand } from '../../ui/brand.tsx';
import { ErrorNotice } from '../../ui/error-notice.tsx';
import { Preferences } from '../../ui/preferences.tsx';
import styles from './sign-in-page.module.css';

interface Credentials {
  readonly username: string;
  readonly password: string;
}

const route = getRouteApi('/sign-in');

/** Why somebody who was signed in has to do so again. */
function Reason({ why }: { readonly why: 'left' | 'ended' | 'password-changed' }) {
  const { t } = useTranslation();
  if (why === 'left') return null;
  const [type, text] =
    why === 'ended' ? (['info', 'session.ended'] as const) : (['success', 'password.changed'] as const);
  return <Alert type={type} showIcon title={t(text)} />;
}

export function SignInPage() {
  const { t } = useTranslation();
  const { next } = route.useSearch();
  const router = useRouter();
  const session = sessionState();
  const attempt = useMutation({
    mutationFn: ({ username, password }: Credentials) => signIn(username, password),
    onSuccess: () => router.history.push(next ?? '/'),
  });

  useEffect(() => {
    document.title = `${t('session.submit')} · Longshore`;
  }, [t]);

  return (
    <div className={styles.page}>
      <div className={styles.tools}>
        <Preferences />
      </div>
      <main className={styles.card}>
        <Brand />
        <h1>{t('session.title')}</h1>
        <div className={styles.notice}>
          {attempt.error ? (
            <ErrorNotice error={attempt.error} />
          ) : (
            session.status === 'signed-out' && <Reason why={session.why} />
          )}
        </div>
        <Form<Credentials>
          layout="vertical"
          requiredMark={false}
          disabled={attempt.isPending}
          onFinish={(credentials) => attempt.mutate(credentials)}
        >
          <Form.Item
            name="username"
            label={t('session.username')}
            rules={[{ required: true, message: t('session.usernameMissing') }]}
          >
            <Input autoComplete="username" autoCapitalize="none" spellCheck={false} autoFocus size="large" />
          </Form.Item>
          <Form.Item
            name="password"
            label={t('session.password')}
            rules={[{ required: true, message: t('session.passwordMissing') }]}
          >
            <Input.Password autoComplete="current-password" size="large" />
          </Form.Item>
          <Button type="primary" htmlType="submit" size="large" block loading={attempt.isPending}>
            {t('session.submit')}
          </Button>
        </Form>
        <p className={styles.hint}>{t('session.firstTime')}</p>
      </main>
    </div>
  );
}
