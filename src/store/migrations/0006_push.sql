-- What was pushed, streamed, uploaded or sent to a webhook. Its bytes lie in a blob, a run loads them; how far that is
-- stands with the run alone.
CREATE TABLE longshore.push_requests (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('batch', 'stream', 'file', 'webhook')),
  -- The dataset that it is for; null = a file that is kept for jobs to read.
  source text,
  -- Null where nothing was taken. Bytes go before their request does.
  blob_id bigint,
  run_id bigint,
  -- False while a stream comes in, or has broken off and may go on.
  complete boolean NOT NULL DEFAULT true,
  -- Records taken and refused when they came; the load may refuse more.
  accepted bigint NOT NULL DEFAULT 0,
  rejected bigint NOT NULL DEFAULT 0,
  -- The first of those that were refused.
  errors jsonb NOT NULL DEFAULT '[]',
  processing_ms integer NOT NULL DEFAULT 0,
  -- Of webhooks: an event that comes again is the same event.
  webhook_id text,
  delivery_id text,
  created_by bigint,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT push_requests_delivery UNIQUE (webhook_id, delivery_id)
);
CREATE UNIQUE INDEX push_requests_blob ON longshore.push_requests (blob_id) WHERE blob_id IS NOT NULL;
CREATE INDEX push_requests_created ON longshore.push_requests (created_at);

-- Streams that can go on after they broke off: their client has given them a name.
CREATE TABLE longshore.push_streams (
  request_id bigint PRIMARY KEY REFERENCES longshore.push_requests (id) ON DELETE CASCADE,
  principal text NOT NULL,
  key text NOT NULL,
  -- Bytes of the unpacked body that are taken, up to a line end, and the lines and chunks that they made.
  received bigint NOT NULL DEFAULT 0,
  lines bigint NOT NULL DEFAULT 0,
  chunks integer NOT NULL DEFAULT 0,
  -- Whether any record says when it was updated.
  timed boolean NOT NULL DEFAULT false,
  -- Which request writes: an earlier one, whose client has long gone, writes no more.
  attempt integer NOT NULL DEFAULT 1,
  CONSTRAINT push_streams_key UNIQUE (principal, key)
);

CREATE TABLE longshore.push_files (
  request_id bigint PRIMARY KEY REFERENCES longshore.push_requests (id) ON DELETE CASCADE,
  filename text NOT NULL,
  format text NOT NULL,
  size bigint NOT NULL
);

CREATE TABLE longshore.webhooks (
  id text PRIMARY KEY,
  name text NOT NULL CONSTRAINT webhooks_name_key UNIQUE,
  source text NOT NULL,
  -- JSON Schema of what may come; null = any object.
  schema jsonb,
  -- A reference into the vault.
  secret jsonb NOT NULL,
  created_by bigint,
  created_at timestamptz NOT NULL DEFAULT now()
);
