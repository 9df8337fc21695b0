-- What the WebSocket of the data-sync area stands on.

-- Tickets to open one with, for browsers, which can send no header along: good once, and for seconds.
CREATE TABLE longshore.ws_tickets (
  hash bytea PRIMARY KEY CHECK (length(hash) = 32),
  -- The sign-in or API key that it was given to; whether that still holds is asked when the ticket is used.
  holder text NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX ws_tickets_expiry ON longshore.ws_tickets (expires_at);

-- Events take their numbers before they commit, so one may become visible after others with higher numbers. Whoever
-- reads on behind an event finds with these the earlier ones that it cannot have seen. Null in events of before.
ALTER TABLE longshore.events ADD COLUMN written_by xid8, ADD COLUMN committed pg_snapshot;
ALTER TABLE longshore.events
  ALTER COLUMN written_by SET DEFAULT pg_current_xact_id(),
  ALTER COLUMN committed SET DEFAULT pg_current_snapshot();

-- Log lines of syncs are events as well: heard as they are written, replayed as all others are, each once.
CREATE FUNCTION longshore.tell_sync_logs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO longshore.events (topic, payload)
  SELECT 'sync', jsonb_build_object('type', 'log_lines', 'job_id', r.job_id, 'run_id', r.id, 'lines',
    (SELECT jsonb_agg(jsonb_build_object('at', w.at, 'level', w.level, 'stream', w.stream, 'message', w.message)
                      ORDER BY w.epoch, w.seq) FROM written w WHERE w.run_id = r.id))
  FROM longshore.runs r
  WHERE r.id IN (SELECT run_id FROM written) AND r.area = 'datasync'
  ORDER BY r.id;
  IF FOUND THEN
    PERFORM pg_notify('longshore_events', '');
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER sync_logs_told AFTER INSERT ON longshore.run_logs
  REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION longshore.tell_sync_logs();
