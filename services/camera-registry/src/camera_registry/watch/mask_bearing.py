"""Finds who burns signed masks in: the camera that can hide by itself, else the media plane.

A camera that was reset, or whose masks somebody deleted on the device, shows what it must not: what a camera said
once is asked again, and the media plane takes over from one that no longer hides, or cannot be asked for an hour. A
camera that could not be asked is preferred again once it answers and hides. Dark stays only what nobody can hide: the
masks of a camera that turns of which nobody knows where it pointed when they were drawn.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from camera_registry.domain.camera import Camera
from camera_registry.domain.masks import Bearer, MaskInvalid, MaskSet
from camera_registry.ports import CredentialVault, MaskBearer, MasksNotBorne
from camera_registry.repository.cameras import one_camera
from camera_registry.repository.masks import sets_in_media_plane, sets_on_cameras, sets_to_push
from camera_registry.use_cases.masks import (
    MaskSetUnknown,
    erase_stills,
    record_bearer,
    record_bearing_problem,
    record_not_borne,
)
from common.clock import Clock
from common.database import Database

_AT_ONCE = 20
_FIRST_WAIT = timedelta(seconds=30)
_LONGEST_WAIT = timedelta(hours=1)
_CONFIRM_EVERY = timedelta(minutes=10)
_SILENT_AT_MOST = timedelta(hours=1)
_NO_ONVIF = "La caméra n'a pas d'adresse ONVIF."
_PRESET = "Les masques d'un préréglage ne se posent pas sur la caméra."
_TURNS = "La caméra s'oriente : rien n'assure que ses propres masques suivent."
_NO_AIM = (
    "Cette caméra s'oriente et nul ne sait où elle regardait : dessinez ces masques sur un préréglage dont la position "
    "est connue. Elle reste noire."
)


class _Unbearable(Exception):
    """Nobody can hide this; the text is French and says what to do."""


@dataclass(slots=True)
class MaskBearing:
    """The loop. A camera that refuses is asked again later and later, an hour at most."""

    database: Database
    vault: CredentialVault
    bearer: MaskBearer
    clock: Clock
    every: float
    _waits: dict[str, tuple[datetime, timedelta]] = field(default_factory=dict[str, tuple[datetime, timedelta]])
    _confirmed: dict[str, datetime] = field(default_factory=dict[str, datetime])
    _asked: dict[str, datetime] = field(default_factory=dict[str, datetime])

    async def run(self) -> None:
        """Look every ``every`` seconds for masks to put or to confirm, and for stills to erase."""
        while True:
            await self.look()
            await asyncio.sleep(self.every)

    async def look(self) -> None:
        """Try once every set whose turn it is."""
        at = self.clock.now()
        async with self.database.transaction() as conn:
            waiting = await sets_to_push(conn, limit=500)
            given = await sets_in_media_plane(conn)
            borne = await sets_on_cameras(conn)
            await erase_stills(conn, at=at)
        self._forget_but({one.mask_set_id for one in (*waiting, *given, *borne)})
        due = [one for one in waiting if self._waits.get(one.mask_set_id, (at, _FIRST_WAIT))[0] <= at]
        hourly = (at + _LONGEST_WAIT, _LONGEST_WAIT)
        due += [one for one in given if self._waits.setdefault(one.mask_set_id, hourly)[0] <= at]
        await asyncio.gather(*(self._try(one) for one in due[:_AT_ONCE]))
        to_ask = [one for one in borne if self._asked.setdefault(one.mask_set_id, at) + _CONFIRM_EVERY <= at]
        await asyncio.gather(*(self._confirm(one, at) for one in to_ask[:_AT_ONCE]))

    def _forget_but(self, living: set[str]) -> None:
        self._waits = {key: value for key, value in self._waits.items() if key in living}
        self._confirmed = {key: value for key, value in self._confirmed.items() if key in living}
        self._asked = {key: value for key, value in self._asked.items() if key in living}

    async def _try(self, masks: MaskSet) -> None:
        """Ask the camera, outside of any transaction; where it does not hide, the media plane does."""
        bearer, why = Bearer.CAMERA, ""
        try:
            camera, url = await self._reachable(masks)
            await self.bearer.apply(url, camera.credentials, masks.polygons)
        except _Unbearable as nobody:
            await self._tell_problem(masks, str(nobody))
            return
        except MasksNotBorne as refusal:
            bearer, why = Bearer.PLAN_MEDIA, str(refusal)
            self._ask_later(masks)
        if masks.borne_by is not bearer:
            await self._give(masks, bearer, why)

    async def _give(self, masks: MaskSet, bearer: Bearer, why: str) -> None:
        """Keep who bears the masks from now on."""
        async with self.database.transaction() as conn:
            try:
                await record_bearer(
                    conn,
                    vault=self.vault,
                    mask_set_id=masks.mask_set_id,
                    bearer=bearer,
                    at=self.clock.now(),
                    why_not_the_camera=why,
                )
            except (MaskSetUnknown, MaskInvalid):
                return  # replaced or void meanwhile: the next set comes in its turn
        structlog.get_logger("masks").info("masks borne", camera=masks.camera_id, by=bearer.value)

    async def _confirm(self, masks: MaskSet, at: datetime) -> None:
        """Ask a camera whether it still hides; from one that does not, or was silent too long, we take over at once."""
        self._asked[masks.mask_set_id] = at
        try:
            camera, url = await self._reachable(masks)
            await self.bearer.confirm(url, camera.credentials, masks.polygons)
        except _Unbearable as nobody:
            async with self.database.transaction() as conn:
                await record_not_borne(
                    conn, vault=self.vault, mask_set_id=masks.mask_set_id, problem=str(nobody), at=self.clock.now()
                )
        except MasksNotBorne as refusal:
            silent_since = self._confirmed.setdefault(masks.mask_set_id, at)
            if refusal.silent and at - silent_since < _SILENT_AT_MOST:
                return
            structlog.get_logger("masks").warning("camera no longer hides", camera=masks.camera_id)
            self._ask_later(masks)
            await self._give(masks, Bearer.PLAN_MEDIA, str(refusal))
        else:
            self._confirmed[masks.mask_set_id] = at

    async def _reachable(self, masks: MaskSet) -> tuple[Camera, str]:
        """Return the camera and its ONVIF address.

        Raises:
            MasksNotBorne: masks cannot lie on the camera.
            _Unbearable: nobody can hide this.
        """
        async with self.database.transaction() as conn:
            camera = await one_camera(conn, self.vault, masks.camera_id)
        if camera is not None and camera.has_ptz and masks.aim is None:
            raise _Unbearable(_NO_AIM)
        if masks.preset is not None:
            raise MasksNotBorne(_PRESET)
        if camera is None or camera.endpoints.onvif_url is None:
            raise MasksNotBorne(_NO_ONVIF)
        if camera.has_ptz:
            raise MasksNotBorne(_TURNS)
        return camera, camera.endpoints.onvif_url

    def _ask_later(self, masks: MaskSet) -> None:
        _, wait = self._waits.get(masks.mask_set_id, (self.clock.now(), _FIRST_WAIT))
        self._waits[masks.mask_set_id] = (self.clock.now() + wait, min(2 * wait, _LONGEST_WAIT))

    async def _tell_problem(self, masks: MaskSet, problem: str) -> None:
        self._ask_later(masks)
        async with self.database.transaction() as conn:
            await record_bearing_problem(conn, mask_set_id=masks.mask_set_id, problem=problem)
