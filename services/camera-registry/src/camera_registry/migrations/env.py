"""Migrations of the camera registry."""

from camera_registry.tables import metadata
from common.migrations import run_env

run_env(metadata)
