"""One stream of one camera: its pull, tried again with patience, its last group of pictures, and all who use it."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import structlog

from common.clock import Clock
from stream_gateway.domain.access_units import AccessUnit, Group, ParameterSets
from stream_gateway.domain.backoff import BackOff, Failure
from stream_gateway.ingest.account import CameraAccount
from stream_gateway.ingest.choice import EngineChoice
from stream_gateway.ingest.line import Line, PictureTaker
from stream_gateway.media import ClockRead, EndKind, OpenPull, PicturesLost, Pull, PullEnded, PullEvent
from stream_gateway.ports import SourceUnavailable

_LOG = structlog.get_logger("stream-gateway.hub")
NO_PICTURE = "aucune image de la caméra"
NOTHING_READABLE = "la caméra n'envoie rien de lisible"
_LOOK_SECONDS = 0.25


class HubState(StrEnum):
    """What a stream does at this moment."""

    WAITING = "waiting"
    OPENING = "opening"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class HubLimits:
    """Bounds of a hub. ``silence_seconds``: no picture for so long ends a pull; ``start_seconds``: before the first."""

    group_bytes: int = 8 * 1024 * 1024
    group_pictures: int = 600
    silence_seconds: float = 5.0
    start_seconds: float = 20.0


@dataclass(slots=True)
class HubStatus:
    """What is told of a stream. ``reason``: why it is not live, or why it is tried again when; French."""

    state: HubState = HubState.WAITING
    reason: str = "ouverture du flux"
    engine: str = ""
    engine_reason: str = ""
    clock_offset: float | None = None
    last_picture_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class HubTools:
    """What the hubs of a process share. ``starts``: waits for a turn to open a pull, so that not all open at once."""

    engines: EngineChoice
    clock: Clock
    starts: Callable[[], Awaitable[None]]
    limits: HubLimits = field(default_factory=HubLimits)


class StreamHub:
    """Pulls until cancelled. A ``PullSink`` for its engine; its takers get every picture from ``join`` on.

    Who joins while it is live gets the present group of pictures at once. ``account``: shared by a camera's streams.
    """

    def __init__(
        self, tools: HubTools, find_pull: Callable[[], Awaitable[Pull]], account: CameraAccount | None = None
    ) -> None:
        self._account = account or CameraAccount()
        self._tools = tools
        self._find_pull = find_pull
        self._takers: list[PictureTaker] = []
        self._await_keyframe: list[PictureTaker] = []
        self._parameters: ParameterSets | None = None
        self._line = Line("")
        self._group: list[AccessUnit] = []
        self._group_bytes = 0
        self._back_off = BackOff()
        self._retry_at = 0.0
        self._open: OpenPull | None = None
        self._ended: asyncio.Future[PullEnded] | None = None
        self._retry = asyncio.Event()
        self._live_since: float | None = None
        self._damaged = False
        self._deadline = 0.0
        self.status = HubStatus()

    # --- users

    @property
    def takers(self) -> int:
        """How many use it now."""
        return len(self._takers)

    @property
    def group(self) -> tuple[ParameterSets, Group] | None:
        """What decodes to the present picture, None while there is none."""
        if self._open is not None:
            self._open.rest(wanted=False)
            self._open.hurry(wanted=True)  # takes in what the last tenths of a second brought
            self._set_pace()
        if self._parameters is None or not self._group:
            return None
        return self._parameters, tuple(self._group)

    def join(self, taker: PictureTaker) -> None:
        """Give a taker the present group of pictures and everything from now on."""
        if self._open is not None:
            self._open.rest(wanted=False)
        if self._open is not None and taker.hurried:
            self._open.hurry(wanted=True)
        self._takers.append(taker)
        if self._parameters is None:
            return
        taker.begin(self._parameters, self._line)
        if self._group:
            taker.take(tuple(self._group))
        else:
            self._await_keyframe.append(taker)

    def leave(self, taker: PictureTaker) -> None:
        """Take a taker off; one that is not there is no error."""
        if taker in self._takers:
            self._takers.remove(taker)
            self._await_keyframe = [one for one in self._await_keyframe if one is not taker]
            self._set_pace()

    def anew(self, ended: PullEnded) -> None:
        """End the present pull, for a reason that the engine does not see. Nothing of it is given out any more."""
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(ended)
            self._drop_line(ended.reason)  # at once: closing a pull may take its time, perhaps these masks are void

    def again_now(self) -> None:
        """Cut a pause short: the camera's address or credentials changed, or a person asked."""
        self._back_off = self._back_off.credentials_changed()
        self._account.proven()
        self._retry.set()

    def watch(self, at: float) -> None:
        """End a pull that went silent; called several times a second with the loop's time."""
        if self._open is not None and at > self._deadline:
            if self._damaged:
                self.anew(PullEnded(NOTHING_READABLE, EndKind.MALFORMED))
            else:
                self.anew(PullEnded(NO_PICTURE, EndKind.SILENT))

    # --- the way of a stream

    async def run(self) -> None:
        """Pull until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            self._retry.clear()
            ended = await self._pull_once()
            if ended is not None and not self._retry.is_set():
                self._failed(ended, loop.time())
                await self._pause(loop)

    async def _pull_once(self) -> PullEnded | None:
        """Pull until it ends; None when another engine is to go on at once."""
        try:
            return await self._try_to_pull()
        finally:
            self._account.tried(self)

    async def _try_to_pull(self) -> PullEnded | None:
        loop = asyncio.get_running_loop()
        while not self._account.may_try(self, loop.time()):
            self.status.state, self.status.reason = HubState.WAITING, self._account.reason
            await asyncio.sleep(_LOOK_SECONDS)
        await self._tools.starts()
        try:
            pull = await self._find_pull()
        except SourceUnavailable as error:
            return PullEnded(str(error), EndKind.UNREACHABLE)
        choice = self._tools.engines.choose(pull, loop.time())
        self.status.state = HubState.OPENING
        self.status.engine, self.status.engine_reason = choice.engine.name, choice.reason
        self._line, self._live_since, self._damaged = Line(choice.engine.name), None, False
        self._ended = loop.create_future()
        self._deadline = loop.time() + self._tools.limits.start_seconds
        self._open = choice.engine.open(pull, self)
        self._set_pace()
        try:
            ended = await self._ended
        finally:
            open_pull, self._open, self._ended = self._open, None, None
            await open_pull.close()
        return None if self._tools.engines.learn(pull, choice.engine, ended, loop.time()) else ended

    def _failed(self, ended: PullEnded, at: float) -> None:
        if self._live_since is not None:
            self._back_off = self._back_off.recorded(since=self._live_since, at=at)
        draw = random.random()  # noqa: S311 - jitter
        if ended.kind is EndKind.REFUSED:
            until = self._account.refused(at=at, draw=draw, cause=ended.reason)
        else:
            until = self._back_off = self._back_off.failed(Failure.AWAY, at=at, draw=draw, cause=ended.reason)
        self._retry_at = until.retry_at
        self.status.state, self.status.reason = HubState.WAITING, until.reason

    async def _pause(self, loop: asyncio.AbstractEventLoop) -> None:
        pause = self._retry_at - loop.time()
        if pause > 0:
            try:
                async with asyncio.timeout(pause):
                    await self._retry.wait()
            except TimeoutError:
                return

    def _drop_line(self, reason: str) -> None:
        had, self._parameters = self._parameters is not None, None
        self._group, self._group_bytes = [], 0
        self._await_keyframe = []
        _LOG.info("pull ended", reason=reason, engine=self.status.engine, had_pictures=had)
        for taker in list(self._takers):
            taker.broken(reason)

    def _set_pace(self) -> None:
        if self._open is not None:
            self._open.hurry(wanted=any(taker.hurried for taker in self._takers))
            self._open.rest(wanted=not self._takers)

    @property
    def _is_over(self) -> bool:
        """The pull ended a moment ago, perhaps because its pictures may not be seen any more."""
        return self._ended is not None and self._ended.done()

    # --- PullSink

    def begin(self, parameters: ParameterSets) -> None:
        if self._is_over:
            return
        self._parameters = parameters
        self._group, self._group_bytes = [], 0
        self._await_keyframe = []
        for taker in list(self._takers):
            taker.begin(parameters, self._line)

    def take(self, units: Sequence[AccessUnit]) -> None:
        if self._is_over:
            return
        now = self._tools.clock.now()
        at = asyncio.get_running_loop().time()
        self._line.wall.observe(units[-1].time, now)
        self._deadline = at + self._tools.limits.silence_seconds
        self._damaged = False
        status = self.status
        status.last_picture_at = now
        if self._live_since is None:
            self._live_since = at
            self._account.proven()
            status.state, status.reason = HubState.LIVE, ""
        self._keep(units)
        late, self._await_keyframe = self._await_keyframe, []
        for taker in list(self._takers):
            if any(one is taker for one in late):
                self._take_from_keyframe(taker, units)
            else:
                taker.take(units)

    def heard(self, *, anew: bool) -> None:
        self._deadline = asyncio.get_running_loop().time() + self._tools.limits.silence_seconds
        self.status.last_picture_at = self._tools.clock.now()
        if anew:
            self._group, self._group_bytes = [], 0
            self._line = Line(self._line.engine, clock_offset=self._line.clock_offset)  # nobody counts on its times

    def _take_from_keyframe(self, taker: PictureTaker, units: Sequence[AccessUnit]) -> None:
        """Hand on from the first key frame: the taker joined in the middle of a group that nobody kept."""
        begun = next((index for index, unit in enumerate(units) if unit.keyframe), None)
        if begun is None:
            self._await_keyframe.append(taker)
        else:
            taker.take(units[begun:])

    def _keep(self, units: Sequence[AccessUnit]) -> None:
        begun = next((index for index in range(len(units) - 1, -1, -1) if units[index].keyframe), None)
        if begun is not None:
            self._group, self._group_bytes = [], 0
            units = units[begun:]
        elif not self._group:
            return
        self._group += units
        self._group_bytes += sum([len(unit.sample) for unit in units])
        limits = self._tools.limits
        if self._group_bytes > limits.group_bytes or len(self._group) > limits.group_pictures:
            self._group, self._group_bytes = [], 0  # half a group decodes to nothing

    def report(self, event: PullEvent) -> None:
        match event:
            case PicturesLost(cause=cause, packets=packets):
                self._damaged = self._damaged or packets == 0
                self._group, self._group_bytes = [], 0
                self._await_keyframe = []
                for taker in list(self._takers):
                    taker.lost(cause)
            case ClockRead(unix_time=unix_time, time=time):
                if self._line.wall.begun:
                    offset = unix_time - self._line.wall.at(time).timestamp()
                    self._line.clock_offset = self.status.clock_offset = offset

    def end(self, ended: PullEnded) -> None:
        self.anew(ended)
