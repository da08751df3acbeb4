"""Segment index by day, gaps, holds, destructions."""

from alembic import op

from common import inbox, outbox

revision = "0001"
down_revision = None

# The serving role has no DDL. Making and dropping a day's partition are two functions that the owner lends to it;
# the second one looks for itself whether anything is left, so that a mistake in the service cannot drop footage
# that is still indexed.
ENSURE_PARTITION = """
CREATE FUNCTION ensure_segment_partition(day date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    name text := 'segments_' || to_char(day, 'YYYYMMDD');
BEGIN
    PERFORM pg_advisory_xact_lock(7201, hashtext(name));
    IF to_regclass(name) IS NULL THEN
        EXECUTE format(
            'CREATE TABLE %I PARTITION OF segments FOR VALUES FROM (%L) TO (%L)',
            name, day::text || ' 00:00:00+00', (day + 1)::text || ' 00:00:00+00');
    END IF;
END $$
"""
DROP_PARTITION = """
CREATE FUNCTION drop_empty_segment_partition(day date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    name text := 'segments_' || to_char(day, 'YYYYMMDD');
    occupied boolean;
BEGIN
    PERFORM pg_advisory_xact_lock(7201, hashtext(name));
    IF to_regclass(name) IS NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', name);
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I)', name) INTO occupied;
    IF occupied THEN
        RETURN false;
    END IF;
    EXECUTE format('DROP TABLE %I', name);
    RETURN true;
END $$
"""
LIST_PARTITIONS = """
CREATE FUNCTION segment_partition_days() RETURNS SETOF date
LANGUAGE sql STABLE AS $$
    SELECT to_date(right(child.relname, 8), 'YYYYMMDD')
    FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
    WHERE inhparent = 'segments'::regclass ORDER BY 1
$$
"""


def upgrade() -> None:
    outbox.create_in_migration(op)
    inbox.create_in_migration(op)
    op.execute("""
        CREATE TABLE segments (
            segment_id uuid NOT NULL,
            started_at timestamptz NOT NULL,
            ended_at timestamptz NOT NULL,
            camera_id text NOT NULL,
            insee text NOT NULL,
            bucket text NOT NULL,
            object_key text NOT NULL,
            duration_ms integer NOT NULL,
            size bigint NOT NULL,
            sha256 text NOT NULL,
            retention_days smallint NOT NULL CHECK (retention_days BETWEEN 1 AND 30),
            authorisation_id text NOT NULL,
            expires_at timestamptz NOT NULL,
            copy_tried_at timestamptz,
            evidence_locked_until timestamptz,
            PRIMARY KEY (segment_id, started_at)
        ) PARTITION BY RANGE (started_at)
    """)
    op.execute("CREATE INDEX ix_segments_camera_started ON segments (camera_id, started_at)")
    op.execute("CREATE INDEX ix_segments_expires ON segments (expires_at)")
    op.execute("""
        CREATE TABLE gaps (
            camera_id text NOT NULL, started_at timestamptz NOT NULL, ended_at timestamptz NOT NULL,
            cause text NOT NULL, PRIMARY KEY (camera_id, started_at)
        )
    """)
    op.execute("""
        CREATE TABLE holds (
            hold_id uuid PRIMARY KEY, camera_id text NOT NULL, insee text NOT NULL,
            window_from timestamptz NOT NULL, window_until timestamptz NOT NULL,
            legal_basis text NOT NULL, procedure_number text NOT NULL, requesting_service text NOT NULL,
            placed_at timestamptz NOT NULL, placed_by text NOT NULL, confirmed_at timestamptz,
            lift_asked_by text, lifted_at timestamptz, lift_reason text,
            CHECK (window_from < window_until)
        )
    """)
    op.execute("CREATE INDEX ix_holds_camera ON holds (camera_id)")
    op.execute("""
        CREATE TABLE destructions (
            batch_id uuid PRIMARY KEY, insee text NOT NULL, count integer NOT NULL, bytes bigint NOT NULL,
            oldest timestamptz NOT NULL, newest timestamptz NOT NULL, merkle_root text NOT NULL,
            at timestamptz NOT NULL
        )
    """)
    op.execute("CREATE TABLE camera_retentions (camera_id text PRIMARY KEY, retention_days smallint NOT NULL)")
    op.execute(ENSURE_PARTITION)
    op.execute(DROP_PARTITION)
    op.execute(LIST_PARTITIONS)
