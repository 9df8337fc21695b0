import { useTranslation } from 'react-i18next';
import type { SyncJob } from '../../../api/sync-model.ts';
import { Section } from '../../../ui/page.tsx';
import { definitionOf } from './job-body.ts';
import styles from './job-definition.module.css';

/** All of a job, as it was given; secrets are `***`. */
export function JobDefinition({ job }: { readonly job: SyncJob }) {
  const { t } = useTranslation();
  return (
    <Section title={t('sync.tab.definition')}>
      <pre className={styles.json}>
        <code>{JSON.stringify(definitionOf(job), null, 2)}</code>
      </pre>
    </Section>
  );
}
