-- What a repeated request with the same Idempotency-Key is answered. Written in the transaction of the effect:
-- the key exists exactly when the effect does. `answer` is encrypted: some answers hold a secret that is shown once.
CREATE TABLE longshore.idempotency_keys (
  principal text NOT NULL,
  -- Method and path, such as `POST /api/tasks/7/trigger`.
  route text NOT NULL,
  key text NOT NULL,
  -- SHA-256 of the body, so that a key which is used for something else is noticed.
  request_hash text NOT NULL,
  status smallint,
  answer text,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (principal, route, key)
);
CREATE INDEX idempotency_keys_created_at ON longshore.idempotency_keys (created_at);
