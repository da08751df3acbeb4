"""Films of the spool: found by what their names and last writes say, read by several at once."""

import asyncio
import os
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stream_gateway.domain.segments import RecordingTerms, camera_folder, segment_name
from stream_gateway.playback.recent import SpoolFootage

CAMERA = "PV-95598-0001-D1"
TERMS = RecordingTerms("95598", 15, "AP-2026-1")
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
FILM = timedelta(seconds=3)


def place(spool: Path, began: datetime, state: str = "ready") -> Path:
    """Return where a film that began then lies."""
    folder = spool / camera_folder(CAMERA) / TERMS.folder / state
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{segment_name(began, 0)}.mp4"


def put(path: Path, content: bytes, written_at: datetime) -> None:
    path.write_bytes(content)
    os.utime(path, (written_at.timestamp(), written_at.timestamp()))


@contextmanager
def never_opened(path: Path, written_at: datetime) -> Generator[None]:
    """Put a film there that holds up whoever opens it."""
    os.mkfifo(path)
    os.utime(path, (written_at.timestamp(), written_at.timestamp()))
    try:
        yield
    finally:
        with suppress(OSError):  # nobody waits
            os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))


@pytest.mark.parametrize("away", [timedelta(hours=1), timedelta(hours=-1)], ids=["later", "earlier"])
async def test_what_cannot_touch_the_window_is_not_opened(
    tmp_path: Path, film: Callable[..., bytes], away: timedelta
) -> None:
    put(place(tmp_path, NOON), film(), NOON + FILM)
    with never_opened(place(tmp_path, NOON + away), NOON + away + FILM):
        async with asyncio.timeout(30):
            found = await SpoolFootage(tmp_path).find(CAMERA, NOON, NOON + timedelta(minutes=1))
    assert [(one.started_at, one.ended_at) for one in found] == [(NOON, NOON + FILM)]


async def test_a_film_that_touches_the_window_with_its_end_is_found(tmp_path: Path, film: Callable[..., bytes]) -> None:
    put(place(tmp_path, NOON, "open"), film(), NOON + FILM)
    spool = SpoolFootage(tmp_path)
    assert len(await spool.find(CAMERA, NOON + timedelta(seconds=2), NOON + timedelta(minutes=1))) == 1
    assert await spool.find(CAMERA, NOON + FILM, NOON + timedelta(minutes=1)) == []


async def test_a_film_that_was_written_before_it_began_is_read_to_know(
    tmp_path: Path, film: Callable[..., bytes]
) -> None:
    """The clock was put back an hour while it was recorded."""
    put(place(tmp_path, NOON), film(), NOON - timedelta(hours=1))
    assert len(await SpoolFootage(tmp_path).find(CAMERA, NOON, NOON + timedelta(minutes=1))) == 1


async def test_many_requests_at_once_find_and_read_every_film(tmp_path: Path, film: Callable[..., bytes]) -> None:
    """Each film that is opened puts another one out, while threads change places all the time."""
    whole = film()
    for number in range(6):
        put(place(tmp_path, NOON + timedelta(seconds=number)), whole, NOON + timedelta(seconds=number) + FILM)
    spool = SpoolFootage(tmp_path, kept_open=2)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        found = await asyncio.gather(*(spool.find(CAMERA, NOON, NOON + timedelta(hours=1)) for _ in range(1000)))
        keys = [one.object_key for one in found[0]]
        read = await asyncio.gather(*(spool.read(key, 0, len(whole)) for key in keys * 50))
    finally:
        sys.setswitchinterval(before)
    assert {len(one) for one in found} == {6}
    assert set(read) == {whole}
