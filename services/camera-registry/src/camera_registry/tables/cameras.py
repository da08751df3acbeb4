"""Cameras. Positions are kept in degrees and in Lambert-93 metres: nearness is asked in metres."""

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    false,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB

from camera_registry.tables.base import metadata

cameras = Table(
    "cameras",
    metadata,
    Column("camera_id", Text, primary_key=True),
    Column("code", Text, nullable=False, unique=True),
    Column("label", Text, nullable=False),
    Column("insee", Text, ForeignKey("communes.insee"), nullable=False, index=True),
    Column("site_id", Text, ForeignKey("sites.site_id"), nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("lon", Float, nullable=False),
    Column("lat", Float, nullable=False),
    Column("east_m", Float, nullable=False),
    Column("north_m", Float, nullable=False),
    Column("search", Text, nullable=False),
    Column("registered_at", DateTime(timezone=True), nullable=False),
    Column("has_ptz", Boolean, nullable=False),
    Column("main_url", Text),
    Column("sub_url", Text),
    Column("onvif_url", Text),
    Column("sealed_credentials", LargeBinary),
    Column("authorisation_id", Text, ForeignKey("authorisations.authorisation_id"), index=True),
    Column("online", Boolean),
    Column("online_since", DateTime(timezone=True)),
    Column("online_reason", Text, nullable=False, server_default=""),
    Column("masks_signed", Boolean, nullable=False, server_default=false()),
    Column("masks_review_due", DateTime(timezone=True)),
    Column("masks_burnt_in", Text, nullable=False, server_default=""),
    Column("revision", Integer, nullable=False),
    Column("manufacturer", Text),
    Column("model", Text),
    Column("firmware", Text),
    Column("serial", Text),
    Column("azimuth_deg", Float),
    Column("opening_deg", Float),
    Column("range_m", Float),
    Column("height_m", Float),
    Column("streams", JSONB, nullable=False, server_default="[]"),
    Column("notes", Text),
    Column("events_enabled", Boolean, nullable=False, server_default=false()),
    Column("position_precision", Text, nullable=False, server_default="exact"),
    Column("installed_on", Date),
)

sealing_key = func.substring(cameras.c.sealed_credentials, 1, 5)
"""The first bytes of a sealed value: its version and the key that sealed it (see `credential_vault`)."""

ground = func.point(cameras.c.east_m, cameras.c.north_m)
"""A camera's place in metres, as the index has it: ``<->`` on it orders by true distance."""

degrees = func.point(cameras.c.lon, cameras.c.lat)
"""A camera's place in degrees, as the index has it: for boxes only, never for distances."""

Index("ix_cameras_sealing_key", sealing_key, cameras.c.camera_id)
Index("ix_cameras_ground", ground, postgresql_using="gist")
Index("ix_cameras_degrees", degrees, postgresql_using="gist")
Index(
    "ix_cameras_usable",
    ground,
    postgresql_using="gist",
    postgresql_where=(cameras.c.status == "en_service") & cameras.c.main_url.is_not(None),
)
Index("ix_cameras_lat_lon", cameras.c.lat, cameras.c.lon)
Index("ix_cameras_insee_east_m", cameras.c.insee, cameras.c.east_m)
Index("ix_cameras_insee_north_m", cameras.c.insee, cameras.c.north_m)
Index("ix_cameras_range_m", cameras.c.range_m)
