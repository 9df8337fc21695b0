import styles from './status-badge.module.css';

/** What a status means to the eye; the word beside the dot says it to everybody. */
export type Tone = 'good' | 'busy' | 'warn' | 'bad' | 'quiet';

interface StatusBadgeProps {
  readonly tone: Tone;
  readonly label: string;
  /** Something is going on: the dot pulses. */
  readonly live?: boolean;
}

export function StatusBadge({ tone, label, live = false }: StatusBadgeProps) {
  return (
    <span className={`${styles.badge} ${styles[tone]} ${live ? styles.live : ''}`}>
      <span className={styles.dot} aria-hidden="true" />
      {label}
    </span>
  );
}
