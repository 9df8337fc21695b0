CREATE SCHEMA IF NOT EXISTS longshore;

-- Saved definitions. `next_fire_at` is null when nothing will fire (no schedule, paused, expired).
CREATE TABLE longshore.jobs (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  area text NOT NULL,
  kind text NOT NULL,
  name text NOT NULL,
  description text NOT NULL DEFAULT '',
  spec jsonb NOT NULL,
  status text NOT NULL CHECK (status IN ('active', 'paused', 'disabled')),
  priority smallint NOT NULL CHECK (priority BETWEEN 0 AND 3),
  tags text[] NOT NULL DEFAULT '{}',
  retry_count integer NOT NULL CHECK (retry_count >= 0),
  retry_delay_seconds integer NOT NULL CHECK (retry_delay_seconds >= 0),
  timeout_seconds integer CHECK (timeout_seconds > 0),
  cron text,
  timezone text,
  starts_at timestamptz,
  expires_at timestamptz,
  jitter_seconds integer NOT NULL DEFAULT 0,
  overlap text NOT NULL DEFAULT 'skip' CHECK (overlap IN ('skip', 'queue_one', 'queue_all', 'cancel_running', 'allow')),
  misfire text NOT NULL DEFAULT 'coalesce' CHECK (misfire IN ('coalesce', 'all', 'skip')),
  catchup_seconds integer,
  max_concurrent integer CHECK (max_concurrent > 0),
  pause_on_failure boolean NOT NULL DEFAULT false,
  on_finish jsonb,
  next_fire_at timestamptz,
  created_by bigint,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT jobs_name_key UNIQUE (area, name)
);
CREATE INDEX jobs_due ON longshore.jobs (next_fire_at) WHERE next_fire_at IS NOT NULL;

-- Where runs wait, one row for each (kind, required tags). Derived, so that a run which no worker may take never
-- stands in front of others.
CREATE TABLE longshore.queues (
  name text PRIMARY KEY,
  kind text NOT NULL,
  tags text[] NOT NULL
);

-- One row a run, kept as its history. Few indexes, since two of its updates are the hot path:
-- the partial ones hold only what is waiting or held.
CREATE TABLE longshore.runs (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  job_id bigint,
  area text NOT NULL,
  kind text NOT NULL,
  name text NOT NULL,
  trigger text NOT NULL CHECK (trigger IN ('schedule', 'manual', 'system')),
  state text NOT NULL CHECK (state IN ('scheduled', 'queued', 'running', 'retry_wait', 'pausing', 'paused',
    'cancelling', 'succeeded', 'failed', 'cancelled', 'skipped', 'dead')),
  queue text NOT NULL,
  priority smallint NOT NULL,
  -- The order within a queue: the time it became due, moved ahead by its priority. Waiting therefore ages it,
  -- and the order is that of one index.
  rank timestamptz NOT NULL,
  run_at timestamptz NOT NULL,
  fire_at timestamptz,
  -- Held back by its concurrency key.
  gated boolean NOT NULL DEFAULT false,
  concurrency_key text,
  -- Whether it waits until every earlier run of its key that is ordered has ended.
  ordered boolean NOT NULL DEFAULT false,
  spec jsonb NOT NULL,
  epoch integer NOT NULL DEFAULT 0,
  attempt integer NOT NULL DEFAULT 0,
  failures integer NOT NULL DEFAULT 0,
  losses integer NOT NULL DEFAULT 0,
  retry_count integer NOT NULL,
  retry_delay_seconds integer NOT NULL,
  timeout_seconds integer,
  deadline timestamptz,
  session_id bigint,
  worker_id text,
  started_at timestamptz,
  attempt_started_at timestamptz,
  finished_at timestamptz,
  exit_code integer,
  exit_signal text,
  error text,
  output jsonb,
  progress_done double precision,
  progress_total double precision,
  checkpoint jsonb,
  -- The last batch of emitted rows that was taken in this epoch: a repeated batch is told once.
  emit_seq integer NOT NULL DEFAULT 0,
  -- Attempts before the current one, oldest first.
  past_attempts jsonb NOT NULL DEFAULT '[]',
  log_bytes bigint NOT NULL DEFAULT 0,
  -- The partition of run_logs that holds its lines.
  log_day date,
  watched boolean NOT NULL DEFAULT false,
  created_by bigint,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT runs_held CHECK ((state IN ('running', 'pausing', 'cancelling')) = (session_id IS NOT NULL)),
  CONSTRAINT runs_finished CHECK
    ((state IN ('succeeded', 'failed', 'cancelled', 'skipped', 'dead')) = (finished_at IS NOT NULL))
) WITH (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 1,
  autovacuum_analyze_scale_factor = 0.05);

-- With `run_at` in it, how deep a queue is and how long its oldest run has waited are read off the index alone.
CREATE INDEX runs_lease ON longshore.runs (queue, rank, id) INCLUDE (run_at) WHERE state = 'queued' AND NOT gated;
CREATE INDEX runs_due ON longshore.runs (run_at) WHERE state IN ('scheduled', 'retry_wait');
CREATE INDEX runs_held_by ON longshore.runs (session_id) WHERE session_id IS NOT NULL;
-- Asked at every heartbeat; nearly always empty, however many dead entries the index above has to be walked through.
CREATE INDEX runs_commands ON longshore.runs (session_id) WHERE state IN ('cancelling', 'pausing');
CREATE INDEX runs_gated ON longshore.runs (concurrency_key, rank, id) WHERE state = 'queued' AND gated;
CREATE INDEX runs_keyed ON longshore.runs (concurrency_key)
  WHERE concurrency_key IS NOT NULL AND NOT gated
    AND state IN ('queued', 'running', 'pausing', 'cancelling');
CREATE INDEX runs_of_job ON longshore.runs (job_id, id DESC) WHERE job_id IS NOT NULL;
-- What did not go well is rare and much asked for; what did go well needs no index of its own to be found. With the area
-- in it, counting reads the index alone: else each run costs a page of its own.
CREATE INDEX runs_ended_badly ON longshore.runs (job_id, state, id) INCLUDE (area)
  WHERE state IN ('failed', 'cancelled', 'skipped', 'dead');
-- What is live is a handful beside the history: found here, of one job or of all.
CREATE INDEX runs_live ON longshore.runs (job_id, id) WHERE finished_at IS NULL;
CREATE UNIQUE INDEX runs_job_fire ON longshore.runs (job_id, fire_at) WHERE fire_at IS NOT NULL;

-- The turns of runs that go in order; of the others it costs nothing.
CREATE INDEX runs_ordered ON longshore.runs (concurrency_key, id) WHERE ordered AND finished_at IS NULL;

-- How many runs of a key may be leased at once.
CREATE TABLE longshore.concurrency_keys (
  key text PRIMARY KEY,
  max_held integer NOT NULL CHECK (max_held > 0)
);

CREATE TABLE longshore.workers (
  id text PRIMARY KEY,
  name text NOT NULL,
  enabled boolean NOT NULL DEFAULT true,
  -- What the worker says of itself, and what an operator has set over it.
  max_tasks integer NOT NULL,
  tags text[] NOT NULL,
  max_tasks_override integer CHECK (max_tasks_override > 0),
  tags_override text[],
  kinds text[] NOT NULL,
  hostname text NOT NULL,
  version text NOT NULL,
  system_info jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now()
);

-- One row each time a worker process joins. Its lease covers all runs that it holds.
CREATE TABLE longshore.worker_sessions (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  worker_id text NOT NULL REFERENCES longshore.workers (id) ON DELETE CASCADE,
  -- Who joined, such as `key:key_…`: nobody else speaks for it. Null for a worker on the database itself.
  principal text,
  started_at timestamptz NOT NULL DEFAULT now(),
  heartbeat_at timestamptz NOT NULL DEFAULT now(),
  lease_until timestamptz NOT NULL,
  -- Between SIGTERM and SIGKILL of its runs; null where the worker did not say.
  kill_grace_seconds integer,
  ended_at timestamptz,
  end_reason text CHECK (end_reason IN ('left', 'lapsed'))
) WITH (fillfactor = 50);
-- Rescuers ask every second for what sessions that ended lately still hold.
CREATE INDEX worker_sessions_ended ON longshore.worker_sessions (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX worker_sessions_open ON longshore.worker_sessions (worker_id) WHERE ended_at IS NULL;
CREATE INDEX worker_sessions_latest ON longshore.worker_sessions (worker_id, started_at DESC);

-- Log lines, in daily partitions that are dropped whole. `day` is that of the run's first lease: all lines of a
-- run lie in one partition.
CREATE TABLE longshore.run_logs (
  day date NOT NULL,
  run_id bigint NOT NULL,
  epoch integer NOT NULL,
  seq integer NOT NULL,
  at timestamptz NOT NULL,
  level text NOT NULL,
  stream text NOT NULL,
  message text NOT NULL,
  PRIMARY KEY (run_id, epoch, seq, day)
) PARTITION BY RANGE (day);
CREATE TABLE longshore.run_logs_default PARTITION OF longshore.run_logs DEFAULT;

-- Counters, so that statistics never scan history. `shard` spreads the updates of a busy day over several rows; those
-- of past days are folded into shard 0.
CREATE TABLE longshore.run_rollups (
  day date NOT NULL,
  area text NOT NULL,
  kind text NOT NULL,
  job_id bigint NOT NULL DEFAULT 0,
  outcome text NOT NULL,
  shard smallint NOT NULL,
  runs bigint NOT NULL,
  duration_ms bigint NOT NULL,
  wait_ms bigint NOT NULL,
  PRIMARY KEY (day, area, kind, job_id, outcome, shard)
) WITH (fillfactor = 50);
CREATE INDEX run_rollups_job ON longshore.run_rollups (job_id, day) WHERE job_id <> 0;
CREATE INDEX run_rollups_unfolded ON longshore.run_rollups (day) WHERE shard <> 0;

-- What areas must still be told: ends of watched runs, and rows that executors emitted. Written with what it tells,
-- deleted with what the area makes of it.
CREATE TABLE longshore.reports (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run_id bigint NOT NULL,
  area text NOT NULL,
  type text NOT NULL,
  payload jsonb NOT NULL,
  tries integer NOT NULL DEFAULT 0,
  due_at timestamptz NOT NULL DEFAULT now(),
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX reports_due ON longshore.reports (due_at, id);
CREATE INDEX reports_of_run ON longshore.reports (run_id, id);

-- The event bus: kept for a while so that servers which were away from the database catch up.
CREATE TABLE longshore.events (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  topic text NOT NULL,
  payload jsonb NOT NULL,
  at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX events_at ON longshore.events (at);
