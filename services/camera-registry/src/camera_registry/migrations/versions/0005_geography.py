"""What nearness and views are asked with: indexes that have statistics or leave unusable cameras out; buildings."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "CREATE INDEX ix_cameras_usable ON cameras USING gist (point(east_m, north_m))"
        " WHERE status = 'en_service' AND main_url IS NOT NULL"
    )
    op.create_index("ix_cameras_lat_lon", "cameras", ["lat", "lon"])
    op.create_index("ix_cameras_insee_east_m", "cameras", ["insee", "east_m"])
    op.create_index("ix_cameras_insee_north_m", "cameras", ["insee", "north_m"])
    op.create_index("ix_cameras_range_m", "cameras", ["range_m"])
    op.create_table(
        "buildings",
        sa.Column("insee", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("outline", sa.LargeBinary, nullable=False),
        sa.Column("west_m", sa.Float, nullable=False),
        sa.Column("south_m", sa.Float, nullable=False),
        sa.Column("east_m", sa.Float, nullable=False),
        sa.Column("north_m", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("insee", "number", name="pk_buildings"),
        sa.ForeignKeyConstraint(["insee"], ["communes.insee"], name="fk_buildings_insee_communes"),
    )
    op.execute(
        "CREATE INDEX ix_buildings_box ON buildings USING gist (box(point(west_m, south_m), point(east_m, north_m)))"
    )
