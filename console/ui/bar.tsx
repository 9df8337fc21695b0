import styles from './bar.module.css';

interface BarProps {
  readonly value: number;
  readonly max: number;
  /** What it measures; absent when the text beside it says so. */
  readonly label?: string;
}

/** How much of something there is, beside the figures that say it. */
export function Bar({ value, max, label }: BarProps) {
  return (
    <progress className={styles.bar} value={value} max={max} aria-label={label} aria-hidden={label === undefined} />
  );
}
