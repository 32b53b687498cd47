#!/bin/bash
# Runs once, when the database volume is empty: the application's role and what it may do.
# The same rights as launch/pgconfig.py gives the embedded cluster.
set -euo pipefail

psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --set password="$QUNCE_APP_PASSWORD" \
  --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
CREATE ROLE qunce_app LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION
  PASSWORD :'password';
GRANT USAGE ON SCHEMA public TO qunce_app;
ALTER DEFAULT PRIVILEGES FOR ROLE qunce_owner IN SCHEMA public
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO qunce_app;
ALTER DEFAULT PRIVILEGES FOR ROLE qunce_owner IN SCHEMA public
  GRANT USAGE, SELECT, UPDATE ON SEQUENCES TO qunce_app;
SQL
