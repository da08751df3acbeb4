"""Migrations of the incident service."""

from common.migrations import run_env
from incident.tables import metadata

run_env(metadata)
