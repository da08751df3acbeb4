"""The register's Merkle tree, signed heads, columns to search by, and the one way to forget expired rows."""

import json

import sqlalchemy as sa
from alembic import op

from access.domain.register import SearchColumns
from access.domain.tree import Tile, TileKey, filled_by
from contracts.merkle import TILE, leaf_hash

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_NEW_TABLES = ("register_heads", "register_tiles", "register_forgettings")

_TAKE_RIGHTS_BACK = """
DO $$
DECLARE grantee_name text; who text;
BEGIN
    FOR grantee_name IN
        SELECT DISTINCT grantee FROM information_schema.role_table_grants
        WHERE table_schema = current_schema() AND table_name = '{table}' AND grantee <> current_user
    LOOP
        who := CASE grantee_name WHEN 'PUBLIC' THEN 'PUBLIC' ELSE quote_ident(grantee_name) END;
        EXECUTE format('REVOKE ALL ON {table} FROM %s', who);
        EXECUTE format('GRANT {rights} ON {table} TO %s', who);
    END LOOP;
END
$$
"""

# Whoever may delete at all (the owner; the serving role has no such right) may do so for rows that a signed statement
# says are forgotten, inside the function below, and for nothing else.
_REFUSE_CHANGE = """
CREATE OR REPLACE FUNCTION refuse_register_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'register_entries' THEN
        IF OLD.seq <= coalesce(nullif(current_setting('vigie.register_forgets', true), ''), '0')::bigint THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'the register is append-only: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$
"""

# The leaves stay in the tiles: only whole tiles are forgotten, so that every proof can still be made.
_FORGET = f"""
CREATE FUNCTION forget_register_rows(last_row bigint, expired_before timestamptz, at timestamptz, statement text)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE gone bigint;
BEGIN
    PERFORM pg_advisory_xact_lock({0x5245_4749_5354_5245});
    IF last_row % {TILE} <> 0 OR last_row >= (SELECT max(e.seq) FROM register_entries e)
       OR (SELECT count(*) FROM register_tiles WHERE height = 0 AND place < last_row / {TILE}) <> last_row / {TILE}
       OR EXISTS (SELECT 1 FROM register_entries e WHERE e.seq <= last_row AND e.at >= expired_before)
    THEN
        RAISE EXCEPTION 'rows up to % are not expired and stored as whole tiles', last_row;
    END IF;
    INSERT INTO register_forgettings (up_to, forgotten_at, note) VALUES (last_row, at, statement);
    PERFORM set_config('vigie.register_forgets', last_row::text, true);
    DELETE FROM register_entries WHERE seq <= last_row;
    GET DIAGNOSTICS gone = ROW_COUNT;
    PERFORM set_config('vigie.register_forgets', '', true);
    RETURN gone;
END
$$
"""  # noqa: S608 - constants of ours


def upgrade() -> None:
    op.create_table(
        "register_heads",
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("size", "signed_at", name="pk_register_heads"),
    )
    op.create_table(
        "register_tiles",
        sa.Column("height", sa.SmallInteger, nullable=False),
        sa.Column("place", sa.BigInteger, nullable=False),
        sa.Column("hashes", sa.LargeBinary, nullable=False),
        sa.Column("root", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("height", "place", name="pk_register_tiles"),
        sa.CheckConstraint(f"octet_length(hashes) = {32 * TILE}", name=op.f("ck_register_tiles_full")),
    )
    op.create_table(
        "register_forgettings",
        sa.Column("up_to", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("forgotten_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("up_to", name="pk_register_forgettings"),
    )
    # Hashes do not compress: do not try.
    op.execute("ALTER TABLE register_tiles ALTER COLUMN hashes SET STORAGE EXTERNAL")
    op.execute(_REFUSE_CHANGE)
    for table in _NEW_TABLES:
        _protect(table)
    op.execute(_FORGET)
    op.execute("REVOKE ALL ON FUNCTION forget_register_rows FROM PUBLIC")
    op.execute(_TAKE_RIGHTS_BACK.format(table="register_checkpoints", rights="SELECT"))
    _add_search_columns()


def _protect(table: str) -> None:
    rights = "SELECT" if table == "register_forgettings" else "SELECT, INSERT"
    op.execute(_TAKE_RIGHTS_BACK.format(table=table, rights=rights))
    op.execute(
        f"CREATE TRIGGER {table}_rows_stay BEFORE UPDATE OR DELETE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION refuse_register_change()"
    )
    op.execute(
        f"CREATE TRIGGER {table}_stays BEFORE TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_register_change()"
    )
    op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_rows_stay")
    op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_stays")


def _add_search_columns() -> None:
    for name in ("organisation", "motive_code", "why"):
        op.add_column("register_entries", sa.Column(name, sa.Text))
    op.execute("ALTER TABLE register_entries DISABLE TRIGGER register_rows_stay")
    _bring_rows_up_to_date()
    op.execute("ALTER TABLE register_entries ENABLE ALWAYS TRIGGER register_rows_stay")
    for name in ("organisation", "motive_code", "why"):
        op.alter_column("register_entries", name, nullable=False)
    for name in ("action", "organisation", "motive_code"):
        op.create_index(f"ix_register_entries_{name}_seq", "register_entries", [name, "seq"])
    op.drop_index("ix_register_entries_at", "register_entries")
    op.create_index("ix_register_entries_at_seq", "register_entries", ["at", "seq"])
    op.create_index(
        "ix_register_entries_refused", "register_entries", ["seq"], postgresql_where=sa.text("result = 'refused'")
    )
    op.execute(
        "CREATE INDEX ix_register_entries_why ON register_entries"
        " USING gin (array_to_tsvector(string_to_array(why, ' ')))"
    )


def _bring_rows_up_to_date() -> None:
    """Fill the new columns and the tiles from the rows that are there, 256 at a time."""
    bind = op.get_bind()
    roots: list[bytes] = []
    after = 0
    while True:
        rows = bind.exec_driver_sql(
            "SELECT seq, canonical FROM register_entries WHERE seq > $1 ORDER BY seq LIMIT $2", (after, TILE)
        ).all()
        columns = [SearchColumns.of(json.loads(row.canonical)) for row in rows]
        bind.exec_driver_sql(
            "UPDATE register_entries AS e SET organisation = n.organisation, motive_code = n.motive_code, why = n.why"
            " FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[]) AS n (seq, organisation, motive_code, why)"
            " WHERE e.seq = n.seq",
            (
                [row.seq for row in rows],
                [column.organisation for column in columns],
                [column.motive_code for column in columns],
                [column.why for column in columns],
            ),
        )
        if len(rows) < TILE:
            break
        after = rows[-1].seq
        tile = Tile.of(TileKey(0, len(roots)), [leaf_hash(row.canonical) for row in rows])
        roots.append(tile.root)
        _store(bind, tile)
    by_height = {1: roots}
    for key in filled_by(0, len(roots) * TILE):
        if key.height:
            hashes = by_height[key.height][key.place * TILE : (key.place + 1) * TILE]
            tile = Tile.of(key, hashes)
            by_height.setdefault(key.height + 1, []).append(tile.root)
            _store(bind, tile)


def _store(bind: sa.Connection, tile: Tile) -> None:
    bind.exec_driver_sql(
        "INSERT INTO register_tiles (height, place, hashes, root) VALUES ($1, $2, $3, $4)",
        (tile.key.height, tile.key.place, tile.hashes, tile.root),
    )
