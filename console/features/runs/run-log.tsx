import { DownloadOutlined } from '@ant-design/icons';
import { useMutation } from '@tanstack/react-query';
import { Button, Checkbox } from 'antd';
import { memo, useLayoutEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { LogLine } from '../../api/model.ts';
import { useErrorMessage } from '../../ui/error-message.tsx';
import { ErrorNotice } from '../../ui/error-notice.tsx';
import { formatLogTime } from '../../ui/format.ts';
import { StatusBadge, type Tone } from '../../ui/status-badge.tsx';
import styles from './run-log.module.css';
import { readRunLog } from './run-log-stream.ts';
import { type RunLogState, SHOWN_LINES, useRunLog } from './use-run-log.ts';

/** How near to its end, in pixels, a log counts as read to the end. */
const END_MARGIN = 24;

const PHASES = {
  connecting: ['quiet', 'common.loading'],
  live: ['busy', 'log.live'],
  reconnecting: ['warn', 'log.reconnecting'],
  complete: ['quiet', 'log.complete'],
} as const satisfies Partial<Record<RunLogState['phase'], readonly [Tone, string]>>;

/** The level says more than the stream, except that many programs write to stderr what is no error. */
function lineStyle({ level, stream }: LogLine): string {
  const name = level === 'error' && stream === 'system' ? 'error' : level === 'warning' ? 'warning' : stream;
  return styles[name] ?? '';
}

const Line = memo(function Line({ line }: { readonly line: LogLine }) {
  return (
    <div className={`${styles.line} ${lineStyle(line)}`}>
      <time dateTime={line.time} title={line.time}>
        {formatLogTime(line.time)}
      </time>
      <span>{line.message}</span>
    </div>
  );
});

/** Hands the browser all of the log as a file, also what is too long to be shown. */
async function download(runId: number): Promise<void> {
  const url = URL.createObjectURL(new Blob([await readRunLog(runId)], { type: 'text/plain;charset=utf-8' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = `run-${runId}.log`;
  link.click();
  URL.revokeObjectURL(url);
}

interface RunLogProps {
  readonly runId: number;
  /** Called when the run has written its last line. */
  readonly onComplete: () => void;
}

/** The log of a run, live. Scrolling up holds it still; scrolling to its end follows it again. */
export function RunLog({ runId, onComplete }: RunLogProps) {
  const { t } = useTranslation();
  const { lines, cut, phase, error } = useRunLog(runId, onComplete);
  const showError = useErrorMessage();
  const downloading = useMutation({ mutationFn: download });
  const [following, setFollowing] = useState(true);
  const [wrapping, setWrapping] = useState(true);
  const box = useRef<HTMLDivElement>(null);

  // biome-ignore lint/correctness/useExhaustiveDependencies: what is measured changes with the lines and their wrapping
  useLayoutEffect(() => {
    if (following && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines, following, wrapping]);

  const onScroll = () => {
    const { scrollTop, scrollHeight, clientHeight } = box.current ?? document.documentElement;
    setFollowing(scrollHeight - scrollTop - clientHeight < END_MARGIN);
  };

  return (
    <section>
      <div className={styles.bar}>
        <h2>{t('log.title')}</h2>
        {phase !== 'refused' && (
          <StatusBadge tone={PHASES[phase][0]} label={t(PHASES[phase][1])} live={phase === 'live'} />
        )}
        <span className={styles.spacer} />
        {phase !== 'complete' && (
          <Checkbox checked={following} onChange={(event) => setFollowing(event.target.checked)}>
            {t('log.follow')}
          </Checkbox>
        )}
        <Checkbox checked={wrapping} onChange={(event) => setWrapping(event.target.checked)}>
          {t('log.wrap')}
        </Checkbox>
        <Button
          size="small"
          icon={<DownloadOutlined aria-hidden />}
          disabled={lines.length === 0}
          loading={downloading.isPending}
          onClick={() => downloading.mutate(runId, { onError: showError })}
        >
          {t('log.download')}
        </Button>
      </div>
      {error ? (
        <ErrorNotice error={error} />
      ) : (
        // It scrolls, so it must be reachable by keyboard.
        <div
          ref={box}
          className={`${styles.log} ${wrapping ? styles.wrap : ''}`}
          role="log"
          aria-label={t('log.region')}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls is scrolled by keyboard too
          tabIndex={0}
          onScroll={onScroll}
        >
          {cut && <div className={styles.note}>{t('log.cut', { count: SHOWN_LINES })}</div>}
          {lines.length === 0 && (
            <div className={styles.note}>{t(phase === 'complete' ? 'log.empty' : 'log.waiting')}</div>
          )}
          {lines.map((line) => (
            <Line key={line.id} line={line} />
          ))}
        </div>
      )}
    </section>
  );
}
