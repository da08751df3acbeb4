"""Events that retention listens to: what was recorded, and what was not."""

from dataclasses import fields

from sqlalchemy.ext.asyncio import AsyncConnection

from common.consumer import Refused, Subscription
from contracts.envelope import Envelope
from contracts.stream import GapDeclared, SegmentRecorded
from retention import repository, use_cases
from retention.domain.segment import RetentionOutOfBounds, Segment, expiry


async def on_segment_recorded(connection: AsyncConnection, _envelope: Envelope, recorded: SegmentRecorded) -> None:
    """Index a segment. One with a retention that no arrêté may set is refused, and stays visible as such."""
    try:
        kept = {one.name for one in fields(Segment)}  # the fact says more of a segment than is kept here
        known = {name: value for name, value in recorded if name in kept}
        segment = Segment(**known, expires_at=expiry(recorded.started_at, recorded.retention_days))
    except RetentionOutOfBounds as error:
        raise Refused(str(error)) from error
    await use_cases.index_segment(connection, segment=segment)


async def on_gap_declared(connection: AsyncConnection, _envelope: Envelope, gap: GapDeclared) -> None:
    """Keep a declared gap beside the recordings."""
    await repository.add_gap(
        connection, camera_id=gap.camera_id, started_at=gap.started_at, ended_at=gap.ended_at, cause=gap.cause
    )


SUBSCRIPTIONS = [
    Subscription(
        durable="retention-on-segment-recorded",
        stream="SEGMENT",
        filter_subject="vigie.*.segment.segment_recorded.v1",
        payload=SegmentRecorded,
        on_event=on_segment_recorded,
    ),
    Subscription(
        durable="retention-on-gap-declared",
        stream="SEGMENT",
        filter_subject="vigie.*.segment.gap_declared.v1",
        payload=GapDeclared,
        on_event=on_gap_declared,
    ),
]
