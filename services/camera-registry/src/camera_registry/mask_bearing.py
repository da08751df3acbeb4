"""Puts signed masks on the cameras that can hide by themselves; the others stay dark, with the reason shown."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from camera_registry.domain.masks import Bearer, MaskInvalid, MaskSet
from camera_registry.ports import CredentialVault, MaskBearer, MasksNotBorne
from camera_registry.repository.cameras import one_camera
from camera_registry.repository.masks import sets_to_push
from camera_registry.use_cases.masks import (
    MaskSetUnknown,
    erase_unsigned_stills,
    record_bearer,
    record_bearing_problem,
)
from common.clock import Clock
from common.database import Database

_AT_ONCE = 20
_FIRST_WAIT = timedelta(seconds=30)
_LONGEST_WAIT = timedelta(hours=1)
_NO_ONVIF = "La caméra n'a pas d'adresse ONVIF : ses masques relèvent du plan média."
_PRESET = "Les masques d'un préréglage ne se posent pas sur la caméra : ils relèvent du plan média."


@dataclass(slots=True)
class MaskBearing:
    """The loop. A camera that refuses is asked again later and later, an hour at most."""

    database: Database
    vault: CredentialVault
    bearer: MaskBearer
    clock: Clock
    every: float
    _waits: dict[str, tuple[datetime, timedelta]] = field(default_factory=dict[str, tuple[datetime, timedelta]])

    async def run(self) -> None:
        """Look every ``every`` seconds for masks that nobody burns in, and for stills to erase."""
        while True:
            await self.look()
            await asyncio.sleep(self.every)

    async def look(self) -> None:
        """Try once every set whose turn it is."""
        at = self.clock.now()
        async with self.database.transaction() as conn:
            waiting = await sets_to_push(conn, limit=500)
            await erase_unsigned_stills(conn, at=at)
        living = {one.mask_set_id for one in waiting}
        self._waits = {mask_set_id: wait for mask_set_id, wait in self._waits.items() if mask_set_id in living}
        due = [one for one in waiting if self._waits.get(one.mask_set_id, (at, _FIRST_WAIT))[0] <= at]
        await asyncio.gather(*(self._try(one) for one in due[:_AT_ONCE]))

    async def _try(self, masks: MaskSet) -> None:
        """Ask the camera, outside of any transaction; then say how it went."""
        try:
            await self._apply(masks)
        except MasksNotBorne as refusal:
            await self._tell_problem(masks, str(refusal))
            return
        async with self.database.transaction() as conn:
            try:
                await record_bearer(
                    conn,
                    vault=self.vault,
                    mask_set_id=masks.mask_set_id,
                    bearer=Bearer.CAMERA,
                    at=self.clock.now(),
                )
            except (MaskSetUnknown, MaskInvalid):
                return  # replaced or void meanwhile: the next set is put on the camera in its turn
        structlog.get_logger("masks").info("camera hides by itself", camera=masks.camera_id)

    async def _apply(self, masks: MaskSet) -> None:
        if masks.preset is not None:
            raise MasksNotBorne(_PRESET)
        async with self.database.transaction() as conn:
            camera = await one_camera(conn, self.vault, masks.camera_id)
        if camera is None or camera.endpoints.onvif_url is None:
            raise MasksNotBorne(_NO_ONVIF)
        await self.bearer.apply(camera.endpoints.onvif_url, camera.credentials, masks.polygons)

    async def _tell_problem(self, masks: MaskSet, problem: str) -> None:
        _, wait = self._waits.get(masks.mask_set_id, (self.clock.now(), _FIRST_WAIT))
        self._waits[masks.mask_set_id] = (self.clock.now() + wait, min(2 * wait, _LONGEST_WAIT))
        async with self.database.transaction() as conn:
            await record_bearing_problem(conn, mask_set_id=masks.mask_set_id, problem=problem)
