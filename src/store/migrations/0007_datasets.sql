-- Datasets: tables of the warehouse that are known by a name, with what is known of their content. The records
-- themselves lie in the warehouse, which may be another database.
CREATE TABLE longshore.datasets (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL CONSTRAINT datasets_name_key UNIQUE,
  category text,
  description text NOT NULL DEFAULT '',
  -- In the warehouse's schema; made of the name, so that whoever writes knows it without asking.
  table_name text NOT NULL CONSTRAINT datasets_table_key UNIQUE,
  source text NOT NULL CHECK (source IN ('upload', 'push', 'job', 'dilution', 'augmentation', 'manual')),
  -- Whether the table came with the dataset and goes with it.
  owns_table boolean NOT NULL,
  -- Rules of the columns, and what pushed records go through.
  schema jsonb,
  transformations jsonb,
  -- As last counted; null = never yet.
  records_count bigint,
  completeness double precision,
  uniqueness double precision,
  validity double precision,
  quality_score double precision,
  profile jsonb,
  profiled_at timestamptz,
  profile_ms integer,
  -- The run that fills it, and the one that counts it.
  run_id bigint,
  profile_run_id bigint,
  created_by bigint,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX datasets_category ON longshore.datasets (category, id);

-- Runs into a dataset that have refused records: those still in quarantine count against its validity.
CREATE TABLE longshore.dataset_refusals (
  dataset_id bigint NOT NULL REFERENCES longshore.datasets (id) ON DELETE CASCADE,
  run_id bigint NOT NULL,
  PRIMARY KEY (dataset_id, run_id)
);
