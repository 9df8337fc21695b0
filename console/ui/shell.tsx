import {
  ApiOutlined,
  DashboardOutlined,
  LogoutOutlined,
  MenuOutlined,
  ScheduleOutlined,
  UserOutlined,
} from '@ant-design/icons';
import { Link, Outlet, useRouterState } from '@tanstack/react-router';
import { App, Button, Drawer, Popover } from 'antd';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { signOut, useUser } from '../api/session.ts';
import { Brand } from './brand.tsx';
import { useErrorMessage } from './error-message.ts';
import { Preferences } from './preferences.tsx';
import styles from './shell.module.css';

function Navigation() {
  const { t } = useTranslation();
  return (
    <nav aria-label={t('shell.navigation')}>
      <ul className={styles.nav}>
        <li>
          <Link to="/" activeOptions={{ exact: true }}>
            <DashboardOutlined aria-hidden />
            {t('shell.overview')}
          </Link>
        </li>
        <li>
          <Link to="/tasks" activeOptions={{ includeSearch: false }}>
            <ScheduleOutlined aria-hidden />
            {t('shell.tasks')}
          </Link>
        </li>
        <li>
          <a href="/docs">
            <ApiOutlined aria-hidden />
            {t('shell.apiDocs')}
          </a>
        </li>
      </ul>
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
