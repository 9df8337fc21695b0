import { useTranslation } from 'react-i18next';
import type { Dataset } from '../../../api/sync-model.ts';
import { useLanguage } from '../../../i18n/i18n.ts';
import { type Column, DataTable } from '../../../ui/data-table.tsx';
import { Section } from '../../../ui/page.tsx';
import styles from './datasets.module.css';
import { QualityParts } from './quality.tsx';

type Profile = NonNullable<Dataset['profile']>;
type ProfiledColumn = Profile['columns'][number];

function useColumns(records: number, estimated: boolean): Column<ProfiledColumn>[] {
  const { t } = useTranslation();
  const language = useLanguage();
  const number = new Intl.NumberFormat(language);
  const percent = new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 1 });
  return [
    { key: 'name', title: t('sync.dataset.column'), wide: true, render: ({ name }) => <strong>{name}</strong> },
    { key: 'type', title: t('schema.fields.type'), render: ({ type }) => t(`schema.values.${type}`) },
    {
      key: 'nulls',
      title: t('sync.dataset.nulls'),
      render: ({ nulls }) =>
        nulls === 0 ? '0' : `${number.format(nulls)} (${percent.format(records > 0 ? nulls / records : 0)})`,
    },
    {
      key: 'distinct',
      title: t('sync.dataset.distinct'),
      render: ({ distinct }) => (distinct === null ? '–' : `${estimated ? '≈ ' : ''}${number.format(distinct)}`),
    },
    { key: 'min', title: t('schema.values.min'), wide: true, render: ({ min }) => min ?? '–' },
    { key: 'max', title: t('schema.values.max'), wide: true, render: ({ max }) => max ?? '–' },
    {
      key: 'examples',
      title: t('sync.dataset.examples'),
      wide: true,
      render: ({ examples }) => <span className={styles.examples}>{examples.join(' · ')}</span>,
    },
  ];
}

function ProfileTable({ profile, records }: { readonly profile: Profile; readonly records: number }) {
  const { t } = useTranslation();
  const columns = useColumns(records, profile.distinct_is_estimate);
  return (
    <DataTable
      label={t('sync.dataset.profile')}
      columns={columns}
      rows={profile.columns}
      rowKey={({ name }) => name}
      empty={t('sync.dataset.noProfile')}
    />
  );
}

/** What is known of a dataset's columns, and how good its records are. */
export function DatasetProfile({ dataset }: { readonly dataset: Dataset }) {
  const { t } = useTranslation();
  const { profile, quality } = dataset;
  return (
    <>
      {quality && (
        <Section title={t('sync.dataset.quality')}>
          <QualityParts dataset={dataset} />
        </Section>
      )}
      <Section title={t('sync.dataset.profile')}>
        {profile ? (
          <ProfileTable profile={profile} records={dataset.records_count ?? 0} />
        ) : (
          <p className={styles.hint}>{t('sync.dataset.noProfile')}</p>
        )}
      </Section>
    </>
  );
}
