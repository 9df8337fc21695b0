import { useQuery } from '@tanstack/react-query';
import { Segmented, Select, Skeleton } from 'antd';
import { useLayoutEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { LogLevel, SyncJob, SyncLogLine } from '../../../api/sync-model.ts';
import { ErrorNotice } from '../../../ui/error-notice.tsx';
import { formatLogTime } from '../../../ui/format.ts';
import logStyles from '../../runs/run-log.module.css';
import { isBusy, jobLogQuery, jobRunsQuery, LOG_LINES } from './job-queries.ts';

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warning', 'error'];
/** Lines are not told of as they come: they are asked for while some may. */
const LOG_REFRESH_MS = 2000;
/** How near to its end, in pixels, a log counts as read to the end. */
const END_MARGIN = 24;

function Lines({ lines, full }: { readonly lines: readonly SyncLogLine[]; readonly full: boolean }) {
  const { t } = useTranslation();
  const box = useRef<HTMLDivElement>(null);
  const following = useRef(true);

  // biome-ignore lint/correctness/useExhaustiveDependencies: what is measured changes with the lines
  useLayoutEffect(() => {
    if (following.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines]);

  const onScroll = () => {
    const { scrollTop, scrollHeight, clientHeight } = box.current ?? document.documentElement;
    following.current = scrollHeight - scrollTop - clientHeight < END_MARGIN;
  };
  return (
    <div
      ref={box}
      className={`${logStyles.log} ${logStyles.wrap}`}
      role="log"
      aria-label={t('log.region')}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls is scrolled by keyboard too
      tabIndex={0}
      onScroll={onScroll}
    >
      {lines.length === 0 && <div className={logStyles.note}>{t('log.empty')}</div>}
      {lines.map((line, index) => (
        // Lines have no id of their own, but their order never changes.
        // biome-ignore lint/suspicious/noArrayIndexKey: see above
        <div key={index} className={`${logStyles.line} ${logStyles[line.level] ?? ''}`}>
          <time dateTime={line.timestamp} title={line.timestamp}>
            {formatLogTime(line.timestamp)}
          </time>
          <span>{line.message}</span>
        </div>
      ))}
      {full && <div className={logStyles.note}>{t('sync.log.cut', { count: LOG_LINES })}</div>}
    </div>
  );
}

/** What the runs of a job have written: of the latest run, or of all. */
export function JobLog({ job }: { readonly job: SyncJob }) {
  const { t } = useTranslation();
  const [level, setLevel] = useState<LogLevel>('info');
  const [chosen, setChosen] = useState<string>();
  const runs = useQuery(jobRunsQuery(job.id, 1));
  const latest = runs.data?.items.find(({ trigger }) => trigger !== 'system') ?? runs.data?.items[0];
  const runId = chosen ?? latest?.id;
  const run = runs.data?.items.find(({ id }) => id === runId);
  const log = useQuery({
    ...jobLogQuery(job.id, level, run?.created_at),
    enabled: runs.data !== undefined,
    refetchInterval: isBusy(job) ? LOG_REFRESH_MS : false,
  });
  const lines = log.data?.logs ?? [];
  const shown = run ? lines.filter(({ metadata }) => metadata.run_id === run.id) : lines;
  return (
    <section>
      <div className={logStyles.bar}>
        <h2>{t('log.title')}</h2>
        <span className={logStyles.spacer} />
        <Select
          aria-label={t('sync.log.run')}
          value={runId ?? null}
          options={(runs.data?.items ?? []).map(({ id, status }) => ({
            value: id,
            label: `${id} · ${t(`sync.status.${status}`)}`,
          }))}
          onChange={setChosen}
          popupMatchSelectWidth={false}
        />
        <Segmented<LogLevel>
          aria-label={t('sync.log.level')}
          value={level}
          options={LEVELS.map((value) => ({ value, label: t(`sync.level.${value}`) }))}
          onChange={setLevel}
        />
      </div>
      {(log.error ?? runs.error) && (
        <ErrorNotice
          error={log.error ?? runs.error}
          onRetry={() => void log.refetch()}
          stale={log.data !== undefined}
        />
      )}
      {log.data ? <Lines lines={shown} full={lines.length >= LOG_LINES} /> : !log.error && <Skeleton active />}
    </section>
  );
}
