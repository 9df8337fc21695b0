-- Identities, what they may do, what they hold to prove themselves, and what they did.
CREATE SCHEMA IF NOT EXISTS longshore;

CREATE FUNCTION longshore.are_permissions(names text[], allowed text[]) RETURNS boolean
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$ SELECT names <@ allowed AND array_position(names, NULL) IS NULL $$;

CREATE TABLE longshore.roles (
  name text PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9_-]{0,49}$'),
  -- NULL marks a built-in role: what it may do stands in the code, so that an upgrade can change it.
  permissions text[] CHECK (longshore.are_permissions(
    permissions, ARRAY['view', 'create', 'update', 'delete', 'scheduler_view', 'scheduler_manage'])),
  description text NOT NULL DEFAULT '' CHECK (length(description) <= 500),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO longshore.roles (name, description) VALUES
  ('admin', 'May do everything'),
  ('operator', 'Runs and changes tasks'),
  ('user', 'Looks on');

CREATE TABLE longshore.users (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  username text NOT NULL,
  -- The username folded by the server, which owns the rule: no two users differ by case or Unicode form alone.
  username_key text NOT NULL CONSTRAINT users_username_unique UNIQUE,
  password_hash text NOT NULL CHECK (password_hash LIKE '$argon2id$%'),
  role text NOT NULL REFERENCES longshore.roles (name),
  email text,
  is_active boolean NOT NULL DEFAULT true,
  -- Every token remembers the generation it was made in; raising it ends them all at once.
  token_generation integer NOT NULL DEFAULT 1,
  password_changed_at timestamptz NOT NULL DEFAULT now(),
  last_login_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX users_role ON longshore.users (role);

-- API keys, and OAuth clients, which are keys that buy tokens instead of being sent with each request.
CREATE TABLE longshore.api_keys (
  id text PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('key', 'client')),
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  secret_hash bytea NOT NULL CHECK (length(secret_hash) = 32),
  permissions text[] NOT NULL CHECK (cardinality(permissions) > 0 AND longshore.are_permissions(
    permissions, ARRAY['view', 'create', 'update', 'delete', 'scheduler_view', 'scheduler_manage',
                       'sync:read', 'sync:write', 'worker', 'admin'])),
  rate_limit integer CHECK (rate_limit > 0),
  created_by bigint NOT NULL REFERENCES longshore.users (id) ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz
);
CREATE INDEX api_keys_owner ON longshore.api_keys (created_by, created_at DESC);

-- One sign-in: every access and refresh token that descends from it, or one console session. Revoked as a whole.
CREATE TABLE longshore.token_families (
  id text PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('token', 'console')),
  user_id bigint NOT NULL REFERENCES longshore.users (id) ON DELETE CASCADE,
  -- The OAuth client that bought it; NULL when the user signed in.
  api_key_id text REFERENCES longshore.api_keys (id) ON DELETE CASCADE,
  -- What was asked for at most; NULL = all that the holder may do.
  scope text[],
  token_generation integer NOT NULL,
  address text,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz,
  revoke_reason text,
  CHECK ((revoked_at IS NULL) = (revoke_reason IS NULL))
);
CREATE INDEX token_families_user ON longshore.token_families (user_id);
CREATE INDEX token_families_client ON longshore.token_families (api_key_id) WHERE api_key_id IS NOT NULL;
CREATE INDEX token_families_expiry ON longshore.token_families (expires_at);

CREATE TABLE longshore.refresh_tokens (
  hash bytea PRIMARY KEY CHECK (length(hash) = 32),
  family_id text NOT NULL REFERENCES longshore.token_families (id) ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  spent_at timestamptz
);
CREATE INDEX refresh_tokens_family ON longshore.refresh_tokens (family_id);

-- Attempts to sign in, by the hash of who and where from; a row that is old enough counts for nothing and is pruned.
CREATE TABLE longshore.login_attempts (
  key bytea PRIMARY KEY,
  failures integer NOT NULL,
  last_at timestamptz NOT NULL,
  blocked_until timestamptz NOT NULL
);
CREATE INDEX login_attempts_age ON longshore.login_attempts (last_at);

-- Proves at each start that a server's master key is the one this database was written with.
CREATE TABLE longshore.master_key_check (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  value bytea NOT NULL
);

CREATE TABLE longshore.audit (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT now(),
  -- Who, in the form that outlives the user's row: `user:1`, `key:key_abc`, `system:cli`, `anonymous`.
  principal text NOT NULL,
  actor_name text NOT NULL,
  action text NOT NULL CHECK (action ~ '^[a-z_]+\.[a-z_]+$'),
  target text NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('ok', 'denied')),
  address text,
  request_id text,
  details jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_principal ON longshore.audit (principal, id DESC);
CREATE INDEX audit_target ON longshore.audit (target, id DESC);
CREATE INDEX audit_action ON longshore.audit (action, id DESC);

CREATE FUNCTION longshore.audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'longshore.audit only grows: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON longshore.audit
  FOR EACH STATEMENT EXECUTE FUNCTION longshore.audit_refuse_change();
-- Also when a session has switched ordinary triggers off (session_replication_role = replica).
ALTER TABLE longshore.audit ENABLE ALWAYS TRIGGER audit_append_only;

-- A hint for every server to forget the identities that it remembers for some seconds.
CREATE FUNCTION longshore.auth_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('longshore_auth', '');
  RETURN NULL;
END $$;
CREATE TRIGGER users_changed AFTER DELETE OR UPDATE OF username, role, is_active, token_generation ON longshore.users
  FOR EACH STATEMENT EXECUTE FUNCTION longshore.auth_changed();
CREATE TRIGGER roles_changed AFTER UPDATE OF permissions ON longshore.roles
  FOR EACH STATEMENT EXECUTE FUNCTION longshore.auth_changed();
CREATE TRIGGER api_keys_changed AFTER UPDATE OF revoked_at ON longshore.api_keys
  FOR EACH STATEMENT EXECUTE FUNCTION longshore.auth_changed();
CREATE TRIGGER token_families_changed AFTER UPDATE OF revoked_at ON longshore.token_families
  FOR EACH STATEMENT EXECUTE FUNCTION longshore.auth_changed();
