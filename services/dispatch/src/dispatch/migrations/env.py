"""Migrations of the dispatch service."""

from common.migrations import run_env
from dispatch.tables import metadata

run_env(metadata)
