"""Migrations of the access service."""

from access.tables import metadata
from common.migrations import run_env

run_env(metadata)
