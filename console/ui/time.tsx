import { useSyncExternalStore } from 'react';
import { useLanguage } from '../i18n/i18n.ts';
import { formatDuration, formatMoment, formatRelative } from './format.ts';

let now = Date.now();
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** One clock for all times on the page: they move together, and nothing ticks when none is shown. */
function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  // It stood still while no time was shown.
  if (timer === undefined) now = Date.now();
  timer ??= setInterval(() => {
    now = Date.now();
    for (const each of listeners) each();
  }, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/** The present moment, in milliseconds; it moves every second. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}

/** A moment (RFC 3339) as its distance from now; the exact one shows when pointed at. */
export function RelativeTime({ value }: { readonly value: string }) {
  const language = useLanguage();
  const present = useNow();
  const time = Date.parse(value);
  return (
    <time dateTime={value} title={formatMoment(time, language)}>
      {formatRelative(time, present, language)}
    </time>
  );
}

/** A moment (RFC 3339) in the reader's time zone. */
export function Moment({ value }: { readonly value: string }) {
  const language = useLanguage();
  return (
    <time dateTime={value} title={value}>
      {formatMoment(Date.parse(value), language)}
    </time>
  );
}

/** @param props.seconds not negative */
export function Duration({ seconds }: { readonly seconds: number }) {
  return <>{formatDuration(seconds, useLanguage())}</>;
}

/** How long ago `since` (RFC 3339) is, counting on. */
export function Elapsed({ since }: { readonly since: string }) {
  const present = useNow();
  return <Duration seconds={Math.max(0, Math.round((present - Date.parse(since)) / 1000))} />;
}
