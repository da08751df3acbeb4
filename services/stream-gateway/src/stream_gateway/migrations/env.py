"""Migrations of the stream gateway."""

from common.migrations import run_env
from stream_gateway.tables import metadata

run_env(metadata)
