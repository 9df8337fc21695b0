import type { ReactNode } from 'react';
import styles from './form.module.css';

/** A titled part of a form. */
export function Card({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section className={styles.card}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}
