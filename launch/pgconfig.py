"""Configuration and roles of the embedded PostgreSQL."""

from __future__ import annotations

import locale
import os

SMALL_SHM_BYTES = 256 * 1024 * 1024

SETTINGS = """\
# Written by `python -m launch`; changes here are overwritten at the next start.
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 200
password_encryption = scram-sha-256
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %u@%d '
# Statements and details carry people's data; the error itself is enough in a log.
log_min_error_statement = panic
log_error_verbosity = terse

# Two cores and a modest share of memory.
shared_buffers = '256MB'
effective_cache_size = '1GB'
work_mem = '16MB'
maintenance_work_mem = '128MB'
random_page_cost = 1.1
max_worker_processes = 4
max_parallel_workers = 2
max_parallel_workers_per_gather = 1
jit = off
autovacuum_naptime = '20s'
dynamic_shared_memory_type = {shared_memory}

# What is acknowledged is on disk.
fsync = on
full_page_writes = on
synchronous_commit = on
max_wal_size = '2GB'
checkpoint_timeout = '15min'
"""

HBA = """\
# Written by `python -m launch`. Passwords only, loopback only.
host all all 127.0.0.1/32 scram-sha-256
"""

ROLES = """\
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{app}') THEN
    CREATE ROLE {app};
  END IF;
END $$;
ALTER ROLE {app} WITH LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION
  PASSWORD '{app_password}';
SELECT 'CREATE DATABASE {database} OWNER {owner}'
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{database}') \\gexec
"""

# Also given to template1, so that every test database starts with the same rights.
GRANTS = """\
GRANT USAGE ON SCHEMA public TO {app};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public
  GRANT USAGE, SELECT, UPDATE ON SEQUENCES TO {app};
"""


def utf8_locale() -> str:
    """A character classification that knows Chinese letters, which trigram search needs; "C" as the last resort."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        for name in ("C.UTF-8", "C.utf8", "en_US.UTF-8"):
            try:
                locale.setlocale(locale.LC_CTYPE, name)
            except locale.Error:
                continue
            return name
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
    return "C"


def shared_memory() -> str:
    """Parallel queries use /dev/shm; containers often give it 64 MB, too little, so files serve there."""
    try:
        size = os.statvfs("/dev/shm")
    except OSError:
        return "posix" if os.uname().sysname == "Darwin" else "mmap"
    return "posix" if size.f_bavail * size.f_frsize >= SMALL_SHM_BYTES else "mmap"
