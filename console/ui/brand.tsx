import styles from './brand.module.css';

/** The mark (a quay crane with its load) and the name. */
export function Brand() {
  return (
    <span className={styles.brand}>
      <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
        <rect width="32" height="32" rx="7" fill="#0b6e7f" />
        <g fill="none" stroke="#fff" strokeWidth="2.4" strokeLinecap="round" strokeLinejoin="round">
          <path d="M9 25V7h9M9 12l5-5M18 7v5M14.5 12h7v5h-7zM5.5 25h21" />
        </g>
      </svg>
      Longshore
    </span>
  );
}
