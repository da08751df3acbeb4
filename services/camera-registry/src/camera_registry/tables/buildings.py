"""Building footprints, for what they hide. Each is kept as WKB in degrees, its box in Lambert-93 metres."""

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, LargeBinary, Table, Text, func

from camera_registry.tables.base import metadata

buildings = Table(
    "buildings",
    metadata,
    Column("insee", Text, ForeignKey("communes.insee"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("outline", LargeBinary, nullable=False),
    Column("west_m", Float, nullable=False),
    Column("south_m", Float, nullable=False),
    Column("east_m", Float, nullable=False),
    Column("north_m", Float, nullable=False),
)

building_box = func.box(
    func.point(buildings.c.west_m, buildings.c.south_m), func.point(buildings.c.east_m, buildings.c.north_m)
)
"""What a building takes of the ground, as the index has it."""

Index("ix_buildings_box", building_box, postgresql_using="gist")
