import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { ConfigProvider } from 'antd';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { queryClient } from './api/query-client.ts';
import { sessionState, subscribeSession } from './api/session.ts';
import { startI18n, useAntdLocale } from './i18n/i18n.ts';
import { router } from './router.tsx';
import './ui/global.css';
import { useAntdTheme } from './ui/theme.ts';

let wasSignedIn = false;

/** Wherever a session ends (signed out, or refused by the server), its data goes and the sign-in page comes. */
subscribeSession(() => {
  const session = sessionState();
  const ended = wasSignedIn && session.status === 'signed-out';
  wasSignedIn = session.status === 'signed-in';
  if (!ended) return;
  queryClient.clear();
  const { href } = router.state.location;
  void router.navigate({ to: '/sign-in', search: session.why === 'ended' ? { next: href } : {} });
});

function Console() {
  const locale = useAntdLocale();
  return (
    <ConfigProvider theme={useAntdTheme()} button={{ autoInsertSpace: false }} {...(locale ? { locale } : {})}>
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </ConfigProvider>
  );
}

const container = document.getElementById('root');
if (!container) throw new Error('index.html has no #root');
await startI18n();
createRoot(container).render(
  <StrictMode>
    <Console />
  </StrictMode>,
);
