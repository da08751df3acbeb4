"""Listens to the cameras' own events: one loop for many cameras, each subscription on its own.

Cameras are shared out among workers by leases. Two workers that hear the same camera for a moment do no harm: a second
report of what lasts already joins its alarm.
"""

import asyncio
import random
import zlib
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import timedelta

import asyncpg
import structlog
from sqlalchemy.exc import DBAPIError

from camera_registry.credential_vault import CredentialsUnreadable
from camera_registry.domain.alarm import Origin, Signal
from camera_registry.onvif.client import DeviceTrouble
from camera_registry.onvif.notifications import signals_in
from camera_registry.onvif.pull_point import Pace, messages
from camera_registry.ports import CredentialVault
from camera_registry.repository.listeners import Listened, cameras_to_listen_to, save_listening
from camera_registry.use_cases.alarms import take_signal
from common.clock import Clock
from common.database import Database, DatabaseAway
from common.ids import new_id
from common.leases import Leases
from contracts.registry import AlarmSource

SHARES = 16
_FIRST_WAIT_SECONDS = 1.0
_LONGEST_WAIT_SECONDS = 120.0
_HEARD = "ecoute"
_LOST = "perdue"


@dataclass(frozen=True, slots=True)
class ListeningLimits:
    """``at_most`` cameras in all workers together; ``quiet`` joins reports of one kind; ``refresh`` in seconds."""

    at_most: int = 500
    quiet: timedelta = timedelta(seconds=10)
    refresh: float = 1.5
    pace: Pace = field(default_factory=Pace)


class EventListening:
    """The listening of this worker. ``run`` is a loop of the service."""

    def __init__(self, database: Database, vault: CredentialVault, clock: Clock, limits: ListeningLimits) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._limits = limits
        self._leases = Leases(database, "event_leases", [f"part-{number:02d}" for number in range(SHARES)])
        self._listeners: dict[str, tuple[Listened, asyncio.Task[None]]] = {}
        self._log = structlog.get_logger("events")

    async def run(self) -> None:
        """Listen until cancelled; outages of cameras and of the database are waited out."""
        try:
            while True:
                try:
                    await self._leases.renew()
                    async with self._database.transaction() as conn:
                        wanted = await cameras_to_listen_to(conn, self._limits.at_most)
                    await self._settle([one for one in wanted if _share(one.camera_id) in self._leases.held])
                except (DBAPIError, asyncpg.PostgresError, DatabaseAway, OSError) as error:
                    self._log.warning("cameras to listen to not read", reason=type(error).__name__)
                await asyncio.sleep(self._limits.refresh)
        finally:
            await self._settle([])

    async def _settle(self, wanted: Sequence[Listened]) -> None:
        """Listen to what is wanted and to nothing else; a camera that changed is listened to anew."""
        target = {one.camera_id: one for one in wanted}
        gone = [camera for camera, (held, task) in self._listeners.items() if target.get(camera) != held or task.done()]
        stopped = [self._listeners.pop(camera)[1] for camera in gone]
        for task in stopped:
            task.cancel()
        for ended in await asyncio.gather(*stopped, return_exceptions=True):
            if isinstance(ended, Exception):
                self._log.error("a listener failed and starts again", reason=f"{type(ended).__name__}: {ended}")
        for camera_id, one in target.items():
            if camera_id not in self._listeners:
                self._listeners[camera_id] = one, asyncio.create_task(self._listen(one), name=f"events {camera_id}")

    async def _listen(self, camera: Listened) -> None:
        """Stay subscribed; after a loss wait longer each time, never in step with the other cameras."""
        wait = _FIRST_WAIT_SECONDS
        await asyncio.sleep(random.uniform(0, self._limits.refresh))  # noqa: S311 - spreads, hides nothing
        while True:
            try:
                credentials = self._vault.unseal(camera.camera_id, camera.sealed) if camera.sealed else None
                heard = False
                async with aclosing(messages(camera.onvif_url, credentials, self._limits.pace)) as answers:
                    async for answer in answers:
                        if not heard:
                            heard, wait = True, _FIRST_WAIT_SECONDS
                            await self._told(camera, _HEARD, "")
                        await self._take(camera, signals_in(answer, self._clock.now()))
            except DeviceTrouble as trouble:
                await self._told(camera, _LOST, trouble.message)
            except CredentialsUnreadable:
                await self._told(camera, _LOST, "L'identifiant de la caméra ne peut plus être ouvert.")
            await asyncio.sleep(wait * random.uniform(0.5, 1.5))  # noqa: S311 - same
            wait = min(wait * 2, _LONGEST_WAIT_SECONDS)

    async def _take(self, camera: Listened, signals: Sequence[Signal]) -> None:
        """Store what a camera reported, in its order; while the database is away the camera keeps the rest."""
        if not signals:
            return
        origin = Origin(
            source=AlarmSource.CAMERA,
            source_id=camera.camera_id,
            insee=camera.insee,
            label=camera.label,
            position=camera.position,
            camera_ids=(camera.camera_id,),
        )
        while True:
            try:
                async with self._database.transaction() as conn:
                    for signal in signals:
                        await take_signal(
                            conn=conn, signal=signal, origin=origin, quiet=self._limits.quiet, alarm_id=new_id()
                        )
            except (DBAPIError, asyncpg.PostgresError, DatabaseAway, OSError) as error:
                self._log.warning("events not stored yet", camera=camera.camera_id, reason=type(error).__name__)
                await asyncio.sleep(1)
            else:
                return

    async def _told(self, camera: Listened, listening: str, reason: str) -> None:
        try:
            async with self._database.transaction() as conn:
                await save_listening(conn, camera.camera_id, listening, self._clock.now(), reason)
        except (DBAPIError, asyncpg.PostgresError, DatabaseAway, OSError) as error:
            self._log.warning("listening not noted", camera=camera.camera_id, reason=type(error).__name__)


def _share(camera_id: str) -> str:
    return f"part-{zlib.crc32(camera_id.encode()) % SHARES:02d}"
