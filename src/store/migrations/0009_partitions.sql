-- Runs that are divided into others, which any worker may take: the run itself is suspended until they have ended.
ALTER TABLE longshore.runs ADD COLUMN parent_id bigint;
CREATE INDEX runs_of_parent ON longshore.runs (parent_id, id) WHERE parent_id IS NOT NULL;

-- Widened: what is there need not be looked at again.
ALTER TABLE longshore.runs DROP CONSTRAINT runs_state_check;
ALTER TABLE longshore.runs ADD CONSTRAINT runs_state_check CHECK (state IN ('scheduled', 'queued', 'running', 'retry_wait',
  'pausing', 'paused', 'suspended', 'cancelling', 'succeeded', 'failed', 'cancelled', 'skipped', 'dead')) NOT VALID;
