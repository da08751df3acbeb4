"""The loops that watch the fleet, in one process or several: each holds a share of it by lease.

No burst: starts come from `CheckSchedule`, looks under way are bounded, and what does not fit is left out until the
camera's next turn. A camera that does not answer is left alone for longer each time.
"""

import asyncio
import heapq
import zlib
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import structlog
from prometheus_client import Counter, Gauge

from camera_registry.domain.camera import Credentials
from camera_registry.domain.check_schedule import CheckSchedule, next_try
from camera_registry.domain.health_rules import HealthRules
from camera_registry.domain.hysteresis import Hysteresis
from camera_registry.ports import CredentialVault
from camera_registry.repository.checks import (
    BY_PROBE,
    LookRow,
    cameras_to_check,
    follow,
    memories,
    note_signs_of_life,
    save_look,
)
from camera_registry.repository.troubles import settle_planned
from camera_registry.rtsp.sample import NoStream, answers
from camera_registry.use_cases.cameras import CameraUnknown
from camera_registry.use_cases.health import record_look, record_reachability, settle_alarms
from camera_registry.watch.look import Look, Watched, look_at
from common.clock import Clock
from common.database import Database
from common.leases import Leases
from contracts.registry import AlarmKind

SHARES = 8
_TICK = 0.2
_ROSTER_EVERY = 5.0
_SETTLE_EVERY = 1.0
_NOTE_EVERY = 30.0
_ANSWER_WITHIN = 1.5
_ASK_AGAIN = 0.5
_SILENT_LOOKS = 2
_DOUBTFUL_LOOKS = 3
_SOON_SHARE = 0.1
_SOON_A_TICK = 2
_LONGEST_ASK = 15.0
_LONGEST_LOOK = 1800.0

LOOKS = Counter("vigie_registry_looks", "Looks at cameras' pictures", ["outcome"])
ASKED = Counter("vigie_registry_signs_of_life", "Questions for a sign of life", ["outcome"])
STARTED = Counter("vigie_registry_looks_started", "Looks at cameras' pictures that began")
UNDER_WAY = Gauge("vigie_registry_looks_under_way", "Looks at cameras under way")


@dataclass(frozen=True, slots=True)
class Pace:
    """How often and how many at once; seconds. ``basic_in_clear``: whether a password may go out readable."""

    ask_every: float
    look_every: float
    measure_every: float
    looks_at_once: int
    basic_in_clear: bool = False


@dataclass(slots=True)
class FleetWatch:
    """Watches this process's share of the fleet until cancelled."""

    database: Database
    vault: CredentialVault
    clock: Clock
    rules: HealthRules
    pace: Pace
    _watched: dict[str, Watched] = field(default_factory=dict[str, Watched])
    _looks: CheckSchedule = field(default_factory=lambda: CheckSchedule.of((), 1.0))
    _asks: CheckSchedule = field(default_factory=lambda: CheckSchedule.of((), 1.0))
    _soon: list[tuple[float, str]] = field(default_factory=list[tuple[float, str]])
    _signs: dict[str, datetime] = field(default_factory=dict[str, datetime])
    _under_way: int = 0
    _tasks: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])
    _pool: ThreadPoolExecutor | None = None  # while running

    async def run(self) -> None:
        """Watch; a failure of one loop ends all of them, and whoever runs this starts it again."""
        leases = Leases(self.database, "health_leases", [f"part-{number}" for number in range(SHARES)])
        self._pool = ThreadPoolExecutor(1, "keyframes")  # one: the checks must not take more than a core
        try:
            async with asyncio.TaskGroup() as loops:
                loops.create_task(self._keep_roster(leases))
                loops.create_task(self._start_looks())
                loops.create_task(self._start_asks())
                loops.create_task(self._settle())
                loops.create_task(self._note())
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            self._pool.shutdown(wait=False)

    # Which cameras

    async def _keep_roster(self, leases: Leases) -> None:
        next_reading = 0.0
        held: frozenset[str] = frozenset()
        while True:
            if leases.renewal_is_due:
                await leases.renew()
            now = self._now()
            if now >= next_reading or leases.held != held:
                held, next_reading = leases.held, now + _ROSTER_EVERY
                await self._read_roster(held)
            await asyncio.sleep(min(1.0, leases.seconds / 6))

    async def _read_roster(self, held: frozenset[str]) -> None:
        at = self.clock.now()
        async with self.database.transaction() as conn:
            await settle_planned(conn, at)
            mine = {one.camera_id: one for one in await cameras_to_check(conn, at) if _share(one.camera_id) in held}
            new = [camera_id for camera_id in mine if camera_id not in self._watched]
            learned = await memories(conn, new)
        for camera_id in set(self._watched) - set(mine):
            del self._watched[camera_id]
        for camera_id in new:
            watched = Watched(mine[camera_id])
            if camera_id in learned:
                watched.memory, watched.hysteresis = learned[camera_id]
            if watched.checked.online is False and watched.checked.pictures_allowed:
                watched.failures = _SILENT_LOOKS  # what answers again must first show a picture again
            self._watched[camera_id] = watched
        for camera_id, checked in mine.items():
            watched = self._watched[camera_id]
            if checked.views_since != watched.checked.views_since:
                watched.memory, watched.hysteresis = (await self._learned(camera_id)) or (watched.memory, {})
            watched.checked = checked
        self._looks = CheckSchedule.of((one for one in mine if mine[one].pictures_allowed), self.pace.look_every)
        self._asks = CheckSchedule.of((one for one in mine if not mine[one].recorded), self.pace.ask_every)

    async def _learned(self, camera_id: str) -> Any:
        async with self.database.transaction() as conn:
            return (await memories(conn, [camera_id])).get(camera_id)

    # Looks

    async def _start_looks(self) -> None:
        last = self._now()
        while True:
            await asyncio.sleep(_TICK)
            now = self._now()
            for _, camera_id in [*self._looks.starts(last, now), *self._due_again(now)]:
                self._begin_look(camera_id, now)
            last = now

    def _due_again(self, now: float) -> list[tuple[float, str]]:
        due: list[tuple[float, str]] = []
        while self._soon and self._soon[0][0] <= now and len(due) < _SOON_A_TICK:
            due.append(heapq.heappop(self._soon))
        return due

    def _begin_look(self, camera_id: str, now: float) -> None:
        watched = self._watched.get(camera_id)
        if watched is None or watched.looking or watched.unanswered or now < watched.look_not_before:
            return
        if self._under_way >= self.pace.looks_at_once:
            LOOKS.labels("left out").inc()
            return
        watched.looking = True
        STARTED.inc()
        self._under_way += 1
        UNDER_WAY.set(self._under_way)
        self._spawn(self._look(watched, now))

    async def _look(self, watched: Watched, now: float) -> None:
        camera_id = watched.checked.camera_id
        try:
            measuring = watched.measured_at is None or now - watched.measured_at >= self.pace.measure_every
            look = await look_at(
                watched,
                self._credentials(watched),
                at=self.clock.now(),
                measuring=measuring,
                rules=self.rules,
                pool=self._pool,
                basic_in_clear=self.pace.basic_in_clear,
            )
            await self._seen(watched, look, now, measured=measuring)
            LOOKS.labels("seen").inc()
        except NoStream as error:
            LOOKS.labels("nothing").inc()
            await self._not_seen(watched, str(error), now)
        except CameraUnknown:
            self._watched.pop(camera_id, None)
        finally:
            watched.looking = False
            self._under_way -= 1
            UNDER_WAY.set(self._under_way)

    async def _seen(self, watched: Watched, look: Look, now: float, *, measured: bool) -> None:
        camera = watched.checked
        watched.failures = 0
        if measured:
            watched.measured_at = now
        async with self.database.transaction() as conn:
            await record_look(conn=conn, look=look.row, before=watched.hysteresis, words=look.words, rules=self.rules)
        watched.hysteresis = dict(look.row.hysteresis)
        if not camera.recorded and camera.online is not True:
            await self._report(watched, online=True, reason="")
        if any(state.wavering for state in watched.hysteresis.values()):
            self._look_soon(watched, now + self.pace.look_every / 4)
            watched.measured_at = None if _wavers_on_measures(watched) else watched.measured_at

    async def _not_seen(self, watched: Watched, reason: str, now: float) -> None:
        camera = watched.checked
        watched.failures += 1
        watched.look_not_before = now + next_try(watched.failures, self.pace.look_every / 8, _LONGEST_LOOK)
        async with self.database.transaction() as conn:
            row = LookRow(camera.camera_id, self.clock.now(), reason, None, None, None, watched.hysteresis, None)
            await save_look(conn, row)
            if camera.recorded and camera.online and watched.failures == _DOUBTFUL_LOOKS:
                await follow(conn, camera.camera_id, since=row.at, watched_by=BY_PROBE)
        if not camera.recorded and watched.failures == _SILENT_LOOKS and camera.online is not False:
            await self._report(watched, online=False, reason=reason)
        if watched.failures < _DOUBTFUL_LOOKS:
            self._look_soon(watched, watched.look_not_before)

    def _look_soon(self, watched: Watched, due: float) -> None:
        """Have another look before the next turn, for a tenth of the fleet at most: fog must not double the work."""
        if len(self._soon) < max(4, len(self._watched) * _SOON_SHARE):
            heapq.heappush(self._soon, (due, watched.checked.camera_id))

    # Signs of life

    async def _start_asks(self) -> None:
        last = self._now()
        while True:
            await asyncio.sleep(_TICK)
            now = self._now()
            for _, camera_id in self._asks.starts(last, now):
                watched = self._watched.get(camera_id)
                if watched is not None and not watched.asking and now >= watched.ask_not_before:
                    watched.asking = True
                    self._spawn(self._ask(watched, now))
            last = now

    async def _ask(self, watched: Watched, now: float) -> None:
        try:
            reason = await self._question(watched)
            if reason is not None and watched.unanswered == 0:
                await asyncio.sleep(_ASK_AGAIN)
                reason = await self._question(watched)
            ASKED.labels("answered" if reason is None else "silent").inc()
            self._signs[watched.checked.camera_id] = self.clock.now()
            if reason is None:
                await self._answered(watched, now)
            else:
                watched.unanswered += 1
                watched.ask_not_before = now + next_try(watched.unanswered, self.pace.ask_every, _LONGEST_ASK)
                if watched.checked.online is not False:
                    await self._report(watched, online=False, reason=reason)
        except CameraUnknown:
            self._watched.pop(watched.checked.camera_id, None)
        finally:
            watched.asking = False

    async def _answered(self, watched: Watched, now: float) -> None:
        """Call the camera back at once, or, where it answered before without sending pictures, after a look."""
        was_away, watched.unanswered, watched.ask_not_before = watched.unanswered > 0, 0, 0.0
        if watched.checked.online is True:
            return
        if watched.failures < _SILENT_LOOKS:
            await self._report(watched, online=True, reason="")
        elif was_away or not watched.looked_since_start:
            watched.looked_since_start, watched.look_not_before = True, 0.0
            self._look_soon(watched, now)

    async def _question(self, watched: Watched) -> str | None:
        try:
            await answers(watched.checked.main_url, _ANSWER_WITHIN)
        except NoStream as error:
            return str(error)
        return None

    async def _report(self, watched: Watched, *, online: bool, reason: str) -> None:
        """Tell whether bytes can come, unless the media plane has taken the camera over meanwhile."""
        at = self.clock.now()
        camera_id = watched.checked.camera_id
        async with self.database.transaction() as conn:
            await record_reachability(
                conn=conn,
                camera_id=camera_id,
                online=online,
                since=at,
                reason=reason,
                at=at,
                watched_by=BY_PROBE,
                rules=self.rules,
            )
        watched.checked = replace(watched.checked, online=online)

    # Alarms and notes

    async def _settle(self) -> None:
        while True:
            async with self.database.transaction() as conn:
                await settle_alarms(conn=conn, at=self.clock.now(), rules=self.rules)
            await asyncio.sleep(_SETTLE_EVERY)

    async def _note(self) -> None:
        while True:
            await asyncio.sleep(_NOTE_EVERY)
            signs, self._signs = self._signs, {}
            async with self.database.transaction() as conn:
                await note_signs_of_life(conn, signs)

    # Small parts

    def _now(self) -> float:
        return self.clock.now().astimezone(UTC).timestamp()

    def _credentials(self, watched: Watched) -> Credentials | None:
        sealed = watched.checked.sealed
        return self.vault.unseal(watched.checked.camera_id, sealed) if sealed else None

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            structlog.get_logger("camera-registry").warning("check failed", error=f"{type(error).__name__}: {error}")


def _share(camera_id: str) -> str:
    return f"part-{zlib.crc32(camera_id.encode()) % SHARES}"


def _wavers_on_measures(watched: Watched) -> bool:
    return any(watched.hysteresis.get(kind, Hysteresis()).wavering for kind in (AlarmKind.QUALITE, AlarmKind.HORLOGE))
