-- Values that are sealed with the vault's key. Definitions and runs hold references to them: {"$secret": "sec_…"}.
CREATE TABLE longshore.secrets (
  id text PRIMARY KEY,
  -- Whose it is, such as `job:7` or `run:7`: for nobody else a reference to it means anything.
  owner text NOT NULL,
  -- Key id, nonce, tag and ciphertext; owner and id are its associated data.
  sealed bytea NOT NULL,
  -- Since when its owner's definition refers to it no more. Runs that were made before still may.
  superseded_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX secrets_owner ON longshore.secrets (owner);
CREATE INDEX secrets_superseded ON longshore.secrets (superseded_at) WHERE superseded_at IS NOT NULL;
CREATE INDEX secrets_of_runs ON longshore.secrets (created_at) WHERE owner LIKE 'run:%';

-- Bytes that came in, such as uploads: kept so that any worker, also one that has nothing but HTTP, can read them.
CREATE TABLE longshore.blobs (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- Null until it is complete; then it changes no more. The digest may stay so.
  size bigint,
  sha256 bytea,
  complete boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT blobs_size CHECK (complete = (size IS NOT NULL))
);
CREATE INDEX blobs_incomplete ON longshore.blobs (created_at) WHERE NOT complete;

CREATE TABLE longshore.blob_chunks (
  blob_id bigint NOT NULL REFERENCES longshore.blobs (id) ON DELETE CASCADE,
  seq integer NOT NULL CHECK (seq >= 0),
  bytes bytea NOT NULL CHECK (octet_length(bytes) BETWEEN 1 AND 1048576),
  PRIMARY KEY (blob_id, seq)
);
-- What is uploaded is often compressed already; trying it again costs more than it saves.
ALTER TABLE longshore.blob_chunks ALTER COLUMN bytes SET STORAGE EXTERNAL;
