import { type UseQueryResult, useQuery } from '@tanstack/react-query';
import { Skeleton } from 'antd';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useLanguage } from '../../i18n/i18n.ts';
import { ErrorNotice } from '../../ui/error-notice.tsx';
import pageStyles from '../../ui/page.module.css';
import { Page } from '../../ui/page.tsx';
import { StatusBadge } from '../../ui/status-badge.tsx';
import { Duration } from '../../ui/time.tsx';
import { LatestRuns } from './latest-runs.tsx';
import styles from './overview-page.module.css';
import { healthQuery, systemStatusQuery } from './overview-queries.ts';
import { Workers } from './workers.tsx';

/** Of what failed, the first, with a button that asks again for all of it. */
function QueryErrors({ queries }: { readonly queries: readonly UseQueryResult[] }) {
  const failed = queries.filter((query) => query.error);
  const first = failed[0];
  if (!first) return null;
  const retry = () => {
    for (const query of failed) void query.refetch();
  };
  return <ErrorNotice error={first.error} onRetry={retry} stale={first.data !== undefined} />;
}

function Health() {
  const { t } = useTranslation();
  const { data } = useQuery(healthQuery);
  if (!data) return null;
  const healthy = data.status === 'healthy';
  const facts: [string, ReactNode][] = [
    [t('overview.health.database'), t(`partState.${data.database}`)],
    [t('overview.health.message_queue'), t(`partState.${data.message_queue}`)],
    [t('overview.health.uptime'), <Duration key="uptime" seconds={data.uptime_seconds} />],
    [t('overview.health.version'), data.version],
  ];
  return (
    <section className={styles.health} aria-label={t('overview.health.title')}>
      <StatusBadge
        tone={healthy ? 'good' : 'warn'}
        label={t(healthy ? 'overview.health.healthy' : 'overview.health.degraded')}
      />
      <dl>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

interface FigureProps {
  readonly title: string;
  /** Absent while it is loading. */
  readonly value: string | undefined;
  readonly detail: string;
}

function Figure({ title, value, detail }: FigureProps) {
  return (
    <section className={styles.figure}>
      <h2>{title}</h2>
      {value === undefined ? <Skeleton active title={false} paragraph={{ rows: 2 }} /> : <strong>{value}</strong>}
      {value !== undefined && <p>{detail}</p>}
    </section>
  );
}

function Figures() {
  const { t } = useTranslation();
  const number = new Intl.NumberFormat(useLanguage(), { maximumFractionDigits: 1 });
  const { data } = useQuery(systemStatusQuery);
  const shown = (value: number | undefined) => (value === undefined ? undefined : number.format(value));
  return (
    <div className={styles.figures}>
      <Figure
        title={t('overview.tasks')}
        value={shown(data?.tasks.total)}
        detail={data ? t('overview.tasksDetail', data.tasks) : ''}
      />
      <Figure title={t('overview.running')} value={shown(data?.tasks.running)} detail={t('overview.runningDetail')} />
      <Figure title={t('overview.runsToday')} value={shown(data?.runs_today)} detail={t('overview.runsTodayDetail')} />
      <Figure
        title={t('overview.successRate')}
        value={data && `${number.format(data.success_rate)} %`}
        detail={t('overview.successRateDetail')}
      />
    </div>
  );
}

export function OverviewPage() {
  const { t } = useTranslation();
  const health = useQuery(healthQuery);
  const status = useQuery(systemStatusQuery);
  return (
    <Page title={t('overview.title')}>
      <div className={pageStyles.stack}>
        <QueryErrors queries={[health, status]} />
        <Health />
        <Figures />
      </div>
      <Workers />
      <LatestRuns />
    </Page>
  );
}
