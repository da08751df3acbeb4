"""Alembic environment of the retention service."""

from common.migrations import run_env
from retention.tables import metadata

run_env(metadata)
