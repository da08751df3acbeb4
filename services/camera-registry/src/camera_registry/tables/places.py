"""Communes and sites (*points d'implantation*)."""

from sqlalchemy import Column, Float, ForeignKey, Integer, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from camera_registry.tables.base import metadata

communes = Table(
    "communes",
    metadata,
    Column("insee", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("contour", JSONB, nullable=False),
)

sites = Table(
    "sites",
    metadata,
    Column("site_id", Text, primary_key=True),
    Column("insee", Text, ForeignKey("communes.insee"), nullable=False, index=True),
    Column("label", Text, nullable=False),
    Column("lon", Float, nullable=False),
    Column("lat", Float, nullable=False),
    Column("support", Text),
    Column("link", Text),
    Column("works", Text, nullable=False, server_default=""),
    Column("address", Text, nullable=False, server_default=""),
    Column("revision", Integer, nullable=False, server_default="0"),
)
