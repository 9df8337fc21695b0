import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { SyncJobItem } from '../../../api/sync-model.ts';
import { useLanguage } from '../../../i18n/i18n.ts';
import { Bar } from '../../../ui/bar.tsx';
import { Duration, useNow } from '../../../ui/time.tsx';
import styles from './job-progress.module.css';
import { addSample, type Sample, speedOf } from './job-speed.ts';

type Progress = Pick<SyncJobItem, 'status' | 'progress' | 'records_processed' | 'records_total' | 'eta'>;

/** How fast it goes at present, out of what is seen of it. */
function useSpeed({ status, records_processed: done }: Progress): number | undefined {
  const now = useNow();
  const samples = useRef<readonly Sample[]>([]);
  samples.current = status === 'running' ? addSample(samples.current, { at: now, done }) : [];
  return speedOf(samples.current);
}

/** How far a run is: the bar, and the figures that it stands for. */
export function JobProgress({ of, detailed = false }: { readonly of: Progress; readonly detailed?: boolean }) {
  const { t } = useTranslation();
  const number = new Intl.NumberFormat(useLanguage());
  const speed = useSpeed(of);
  const now = useNow();
  const { status, progress, records_processed: done, records_total: total } = of;
  const running = status === 'running';
  const left = speed && total !== null ? Math.max(0, total - done) / speed : undefined;
  const eta = of.eta === null ? undefined : Math.max(0, (Date.parse(of.eta) - now) / 1000);
  const seconds = left ?? eta;
  const count = total === null || status === 'completed' ? undefined : number.format(total);
  return (
    <div className={styles.progress}>
      {(running || status === 'paused') && progress !== null && <Bar value={progress} max={100} />}
      <span className={styles.figures}>
        <span>
          {count === undefined
            ? t('sync.records', { count: done, shown: number.format(done) })
            : t('sync.recordsOf', { done: number.format(done), total: count })}
        </span>
        {running && progress !== null && <span>{number.format(Math.round(progress * 10) / 10)} %</span>}
        {running && detailed && speed !== undefined && (
          <span>{t('sync.speed', { speed: number.format(Math.round(speed)) })}</span>
        )}
        {running && seconds !== undefined && (
          <span>
            {t('sync.eta')} <Duration seconds={Math.max(seconds, 1)} />
          </span>
        )}
      </span>
    </div>
  );
}
