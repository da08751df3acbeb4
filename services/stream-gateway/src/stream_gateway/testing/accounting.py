"""Whether every second is told, judged by the films in the object store and not by what is said of them."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from common.object_store import ObjectStore
from common.testing.states import SOISY
from contracts.stream import GapDeclared
from stream_gateway.domain.coverage import TOLERANCE
from stream_gateway.domain.intervals import Interval, common, seconds, union, without
from stream_gateway.domain.ledger import NOT_RETURNED
from stream_gateway.domain.segments import camera_of_folder, parse_segment_name
from stream_gateway.testing.cluster import Cluster
from stream_gateway.testing.films import seconds_of

UNWRITTEN = timedelta(seconds=5)
"""The pictures that a recorder has not written yet, of four seconds at most, and a heartbeat."""
_OF_A_NODE = "le nœud média "
"""How the causes begin that ``domain.holdings`` has for a node that died or ended."""
_CLOSE_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class StoredFilm:
    """A film of the store: its start by its name, its end by its own samples."""

    camera_id: str
    object_key: str
    started_at: datetime
    ended_at: datetime

    @property
    def time(self) -> Interval:
        """What it shows."""
        return self.started_at, self.ended_at


async def stored_films(store: ObjectStore) -> list[StoredFilm]:
    """Return every film that the store holds of the commune of the tests' cameras."""
    found: list[StoredFilm] = []
    for bucket in [one for one in await store.list_buckets() if one.startswith(f"vigie-{SOISY}-")]:
        for key in await store.list_keys(bucket):
            folder, _, name = key.split("/")
            started_at, _ = parse_segment_name(name.removesuffix(".mp4"))
            content = await store.get_range(bucket, key)
            length = await asyncio.to_thread(seconds_of, content)
            found.append(StoredFilm(camera_of_folder(folder), key, started_at, started_at + timedelta(seconds=length)))
    return found


@dataclass(frozen=True, slots=True)
class Told:
    """What was told of one camera's missing time at the time: by recorders, not by the audit half an hour later."""

    gaps: tuple[GapDeclared, ...]

    @property
    def intervals(self) -> list[Interval]:
        """The time that is missing."""
        return [(gap.started_at, gap.ended_at) for gap in self.gaps]

    def died_with_a_node(self, hole: Interval) -> bool:
        """Whether a hole is what a node had not written yet when it died: the gap that it left begins where this ends.

        Nobody else knows of these pictures, so the audit is to declare them.
        """
        begin, end = hole
        dead = any(gap.started_at == end and gap.cause.startswith(_OF_A_NODE) for gap in self.gaps)
        return dead and end - begin <= UNWRITTEN


async def told_by_recorders(cluster: Cluster, camera_id: str) -> Told:
    """Return the gaps of a camera that a recorder declared."""
    gaps = [gap for gap in await cluster.gaps() if gap.camera_id == camera_id and gap.cause != NOT_RETURNED]
    assert all(gap.cause for gap in gaps)
    return Told(tuple(gaps))


async def every_second_is_told(cluster: Cluster, camera_ids: list[str], window: Interval) -> None:
    """Films and gaps that recorders declared fill a window, but for some jitter beside gaps; the ledger says the same.

    Raises:
        AssertionError: a second is missing, or the ledger tells of other footage than there is.
    """
    films = await stored_films(cluster.gateway.store)
    accounts = await cluster.accounts(camera_ids, window)
    for camera_id in camera_ids:
        footage = [film.time for film in films if film.camera_id == camera_id]
        told = await told_by_recorders(cluster, camera_id)
        holes = without([window], [*footage, *told.intervals])
        jitter = [hole for hole in holes if not told.died_with_a_node(hole)]
        assert all(end - begin <= TOLERANCE for begin, end in jitter), (camera_id, jitter, told)
        assert seconds(jitter) <= TOLERANCE.total_seconds() * (len(told.gaps) + 1), (camera_id, jitter, told)
        account, recorded = accounts[camera_id], common(union(footage, touching=TOLERANCE), [window])
        assert abs(account.expected_seconds - seconds([window])) <= _CLOSE_SECONDS, (camera_id, account)
        assert abs(account.recorded_seconds - seconds(recorded)) <= _CLOSE_SECONDS, (camera_id, account, footage)
