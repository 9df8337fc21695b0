-- Records that a sync refused, with what came: corrected at the source or in the job, they are driven again.
CREATE TABLE longshore.sync_quarantine (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  job_id bigint,
  run_id bigint NOT NULL,
  -- Which record of the run's input. A batch that is told of twice is kept once.
  ordinal bigint NOT NULL,
  line bigint,
  field text,
  reason text NOT NULL,
  raw text NOT NULL,
  -- Whether `raw` is the record as JSON, uncut: only such can be driven again.
  whole boolean NOT NULL,
  -- The run that took it again.
  redriven_by bigint,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT sync_quarantine_once UNIQUE (run_id, ordinal)
);
CREATE INDEX sync_quarantine_of_job ON longshore.sync_quarantine (job_id, id);

-- Rows that were changed at the source and at the destination since they were last synced.
CREATE TABLE longshore.sync_conflicts (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  job_id bigint NOT NULL,
  run_id bigint NOT NULL,
  record_id text NOT NULL,
  conflict_type text NOT NULL CHECK (conflict_type IN ('version', 'stale')),
  base jsonb,
  source jsonb NOT NULL,
  target jsonb NOT NULL,
  resolution text NOT NULL CHECK (resolution IN ('pending', 'source_wins', 'target_wins', 'merged')),
  resolved_at timestamptz,
  resolved_by text,
  -- The run that carries the decision out.
  resolved_run bigint,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT sync_conflicts_once UNIQUE (run_id, record_id)
);
CREATE INDEX sync_conflicts_of_job ON longshore.sync_conflicts (job_id, id);
-- A record that waits for somebody to decide waits once, however many runs find it so.
CREATE UNIQUE INDEX sync_conflicts_pending ON longshore.sync_conflicts (job_id, record_id) WHERE resolution = 'pending';
