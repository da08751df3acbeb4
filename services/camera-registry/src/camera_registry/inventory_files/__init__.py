"""Reads the files people keep their cameras in: CSV, XLSX, ODS, JSON, GeoJSON; within limits, and never crashing."""

from camera_registry.inventory_files.limits import MAX_FILE_BYTES, InventoryUnreadable
from camera_registry.inventory_files.postcodes import postcodes
from camera_registry.inventory_files.reading import read_inventory

__all__ = ["MAX_FILE_BYTES", "InventoryUnreadable", "postcodes", "read_inventory"]
