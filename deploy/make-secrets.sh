#!/usr/bin/env bash
# Makes the secrets that compose.yaml reads, once: what is there stays.
set -euo pipefail
cd "$(dirname "$0")"
# The files must be readable inside the containers, whose user differs; the folder keeps others on this host out.
mkdir -p -m 0700 secrets
umask 0022

# keep <name> <command…>: the command's output becomes the secret, unless there is one.
keep() {
  local file="secrets/$1"
  shift
  [ -s "$file" ] || "$@" >"$file"
}

keep postgres_password openssl rand -hex 24
keep database_url printf 'postgresql://longshore:%s@postgres:5432/longshore' "$(cat secrets/postgres_password)"
keep master_key openssl rand -base64 32
keep admin_password openssl rand -hex 12
# Compose wants the file to exist; the key itself comes from the running server (see README.md).
touch secrets/worker_token
echo "Sign in as admin with the password in deploy/secrets/admin_password. Back up deploy/secrets/master_key."
