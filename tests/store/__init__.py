"""Tests of the store: PostgreSQL, the mirror, the registry, the supervisor, backups."""
