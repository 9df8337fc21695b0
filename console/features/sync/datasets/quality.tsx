import { useTranslation } from 'react-i18next';
import type { Dataset } from '../../../api/sync-model.ts';
import { useLanguage } from '../../../i18n/i18n.ts';
import { Bar } from '../../../ui/bar.tsx';
import styles from './datasets.module.css';

/** A score from 0 to 1, as a bar and in percent. */
export function QualityScore({ score }: { readonly score: number | null }) {
  const { t } = useTranslation();
  const percent = new Intl.NumberFormat(useLanguage(), { style: 'percent', maximumFractionDigits: 1 });
  if (score === null) return <span className={styles.faint}>{t('sync.dataset.notCounted')}</span>;
  return (
    <span className={styles.score}>
      <Bar value={score} max={1} />
      {percent.format(score)}
    </span>
  );
}

const PARTS = ['completeness', 'uniqueness', 'validity'] as const;

/** What a quality score is made of. */
export function QualityParts({ dataset }: { readonly dataset: Dataset }) {
  const { t } = useTranslation();
  const { quality } = dataset;
  if (!quality) return null;
  return (
    <dl className={styles.parts}>
      {PARTS.map((part) => (
        <div key={part}>
          <dt>{t(`sync.dataset.${part}`)}</dt>
          <dd>
            <QualityScore score={quality[part]} />
            <p>{t(`sync.dataset.${part}Text`)}</p>
          </dd>
        </div>
      ))}
    </dl>
  );
}
