import {
  ApiOutlined,
  DashboardOutlined,
  DatabaseOutlined,
  FileOutlined,
  ForkOutlined,
  KeyOutlined,
  LogoutOutlined,
  MenuOutlined,
  ScheduleOutlined,
  SwapOutlined,
  UserOutlined,
} from '@ant-design/icons';
import { Link, type LinkProps, Outlet, useRouterState } from '@tanstack/react-router';
import { App, Button, Drawer, Popover } from 'antd';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { signOut, useUser } from '../api/session.ts';
import type { Translation } from '../i18n/en.ts';
import { Brand } from './brand.tsx';
import { useErrorMessage } from './error-message.tsx';
import { Preferences } from './preferences.tsx';
import styles from './shell.module.css';

type Destination = NonNullable<LinkProps['to']>;
type Word = keyof Omit<Translation['shell'], 'theme'>;

interface Entry {
  readonly to: Destination;
  readonly word: Word;
  readonly icon: ReactNode;
}

/** The pages, by what they belong to. */
const GROUPS: readonly { readonly word?: Word; readonly entries: readonly Entry[] }[] = [
  {
    entries: [
      { to: '/', word: 'overview', icon: <DashboardOutlined aria-hidden /> },
      { to: '/tasks', word: 'tasks', icon: <ScheduleOutlined aria-hidden /> },
    ],
  },
  {
    word: 'dataSync',
    entries: [
      { to: '/sync/jobs', word: 'jobs', icon: <SwapOutlined aria-hidden /> },
      { to: '/sync/datasets', word: 'datasets', icon: <DatabaseOutlined aria-hidden /> },
      { to: '/sync/files', word: 'files', icon: <FileOutlined aria-hidden /> },
      { to: '/sync/conflicts', word: 'conflicts', icon: <ForkOutlined aria-hidden /> },
    ],
  },
  { word: 'system', entries: [{ to: '/keys', word: 'keys', icon: <KeyOutlined aria-hidden /> }] },
];

function Navigation() {
  const { t } = useTranslation();
  return (
    <nav aria-label={t('shell.navigation')}>
      {GROUPS.map(({ word, entries }, index) => (
        <section key={word ?? ''} aria-label={word && t(`shell.${word}`)}>
          {word && (
            <p className={styles.navTitle} aria-hidden>
              {t(`shell.${word}`)}
            </p>
          )}
          <ul className={styles.nav}>
            {entries.map(({ to, word: label, icon }) => (
              <li key={to}>
                <Link to={to} activeOptions={{ exact: to === '/', includeSearch: false }}>
                  {icon}
                  {t(`shell.${label}`)}
                </Link>
              </li>
            ))}
            {index === GROUPS.length - 1 && (
              <li>
                <a href="/docs">
                  <ApiOutlined aria-hidden />
                  {t('shell.apiDocs')}
                </a>
              </li>
            )}
          </ul>
        </section>
      ))}
    </nav>
  );
}

function Account() {
  const { t } = useTranslation();
  const showError = useErrorMessage();
  const user = useUser();
  if (!user) return null;
  return (
    <Popover
      trigger="click"
      placement="bottomRight"
      title={user.username}
      content={
        <>
          <p style={{ margin: '0 0 12px' }}>{user.role}</p>
          <p style={{ margin: '0 0 12px' }}>
            <Link to="/password">{t('shell.changePassword')}</Link>
          </p>
          <Button icon={<LogoutOutlined aria-hidden />} onClick={() => void signOut().catch(showError)}>
            {t('shell.signOut')}
          </Button>
        </>
      }
    >
      <Button type="text" icon={<UserOutlined aria-hidden />} aria-label={t('shell.account', { name: user.username })}>
        <span className={styles.userName}>{user.username}</span>
      </Button>
    </Popover>
  );
}

/** What stands around every page of a signed-in user. */
export function Shell() {
  const { t } = useTranslation();
  const [drawerOpen, setDrawerOpen] = useState(false);
  const main = useRef<HTMLElement>(null);
  const pathname = useRouterState({ select: (state) => state.location.pathname });
  const shown = useRef(pathname);

  useEffect(() => {
    setDrawerOpen(false);
    // Who hears or tabs through the page goes on at the new page's content, not at the link that led to it.
    if (shown.current !== pathname) main.current?.focus();
    shown.current = pathname;
  }, [pathname]);

  return (
    // Here, below the router, so that messages can hold links.
    <App className={styles.shell ?? ''}>
      <a className={styles.skip} href="#main">
        {t('common.skipToContent')}
      </a>
      <div className={styles.brand}>
        <Button
          className={styles.menuButton ?? ''}
          type="text"
          icon={<MenuOutlined aria-hidden />}
          aria-label={t('shell.openNavigation')}
          onClick={() => setDrawerOpen(true)}
        />
        <Brand />
      </div>
      <header className={styles.header}>
        <Preferences />
        <Account />
      </header>
      <div className={styles.sider}>
        <Navigation />
      </div>
      <Drawer open={drawerOpen} onClose={() => setDrawerOpen(false)} placement="left" size={260} title={<Brand />}>
        <Navigation />
      </Drawer>
      <main id="main" className={styles.main} ref={main} tabIndex={-1}>
        <Outlet />
      </main>
    </App>
  );
}
