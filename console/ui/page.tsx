import { type ReactNode, useEffect } from 'react';
import styles from './page.module.css';

interface PageProps {
  /** Also the title of the browser's tab. */
  readonly title: string;
  /** Beside the title: a status. */
  readonly extra?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** The frame that all pages share: one heading, what can be done, then the content. */
export function Page({ title, extra, actions, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Longshore`;
  }, [title]);
  return (
    <>
      <div className={styles.head}>
        <div className={styles.title}>
          <h1>{title}</h1>
          {extra}
        </div>
        {actions && <div className={styles.actions}>{actions}</div>}
      </div>
      {children}
    </>
  );
}

export function Section({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section className={styles.section}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}
