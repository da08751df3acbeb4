"""Looking at a camera through its own protocols; no database is held meanwhile."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.adoption import StreamTold, Told, adopt
from camera_registry.domain.camera import Camera
from camera_registry.domain.camera_edit import consequences
from camera_registry.domain.camera_network import CREDENTIALS_DROPPED, CameraNetworks, same_devices
from camera_registry.domain.presets import MAX_PRESETS, Preset
from camera_registry.ports import CredentialVault, OnvifFindings, OnvifProbe, PresetFound, RtspFindings, RtspProbe
from camera_registry.repository.cameras import lock_register, one_camera
from camera_registry.repository.presets import presets_of, save_preset
from camera_registry.use_cases.coverage import settle
from camera_registry.use_cases.masks import void_masks
from common.ids import new_id

_LONGEST_PRESET_NAME = 80


async def probe_camera(*, camera: Camera, rtsp: RtspProbe, onvif: OnvifProbe) -> tuple[RtspFindings, OnvifFindings]:
    """Ask the camera's stream and its ONVIF device at the same time."""
    return await asyncio.gather(_stream(camera, rtsp), _device(camera, onvif))


async def _stream(camera: Camera, rtsp: RtspProbe) -> RtspFindings:
    if camera.endpoints.main_url is None:
        return RtspFindings(ok=False, error="Aucune adresse RTSP n'est enregistrée pour cette caméra.")
    return await rtsp.look(camera.endpoints.main_url, camera.credentials)


async def _device(camera: Camera, onvif: OnvifProbe) -> OnvifFindings:
    if camera.endpoints.onvif_url is None:
        return OnvifFindings(ok=False, error="Aucune adresse ONVIF n'est enregistrée pour cette caméra.")
    return await onvif.ask(camera.endpoints.onvif_url, camera.credentials)


async def adopt_findings(
    *,
    conn: AsyncConnection,
    vault: CredentialVault,
    networks: CameraNetworks,
    camera_id: str,
    findings: OnvifFindings,
    choices: frozenset[str],
    at: datetime,
) -> tuple[str, ...]:
    """Take over what a device said of itself, as much of it as was chosen; return what changed, in French.

    Another firmware, device or address than the known one voids the masks. A camera that was taken away meanwhile
    changes nothing. Raises CameraInvalid for addresses outside the cameras' networks.
    """
    await lock_register(conn)
    camera = await one_camera(conn, vault, camera_id)
    if camera is None:
        return ()
    after, changed = _adopted(camera, findings, choices)
    networks.check(after.endpoints, camera.endpoints)
    reasons = consequences(camera, after).reasons
    if reasons:  # voided first, so that nobody ever sees the camera re-flashed and unmasked
        await void_masks(conn, vault=vault, camera_id=camera_id, reason=", ".join(reasons), at=at)
        camera = await one_camera(conn, vault, camera_id) or camera
        after, changed = _adopted(camera, findings, choices)
    if changed:
        await settle(conn=conn, vault=vault, touched=[after], at=at)
    if "prepositions" in choices:
        imported = await _import_presets(conn, after, findings.presets)
        changed += (f"{imported} préposition(s)",) if imported else ()
    return changed


def _adopted(camera: Camera, findings: OnvifFindings, choices: frozenset[str]) -> tuple[Camera, tuple[str, ...]]:
    """Adopt; credentials stay with the host they were given for, though a device names other ports of its own."""
    after, changed = adopt(camera, _told(findings), choices)
    if after.credentials is None or same_devices(camera.endpoints, after.endpoints, told_by_device=True):
        return after, changed
    return replace(after, credentials=None), (*changed, f"identifiants {CREDENTIALS_DROPPED}")


async def _import_presets(conn: AsyncConnection, camera: Camera, found: Sequence[PresetFound]) -> int:
    """Keep the presets whose token the register does not have yet, under the first free numbers; return how many.

    What people have named keeps its name: the camera's own names are often ``Preset 1``.
    """
    known = await presets_of(conn, camera.camera_id)
    tokens = {preset.token for preset in known.values()}
    free = (number for number in range(1, MAX_PRESETS + 1) if number not in known)
    fresh = [preset for preset in found if preset.token not in tokens]
    kept = 0
    for preset, number in zip(fresh, free, strict=False):
        name = preset.name[:_LONGEST_PRESET_NAME]
        await save_preset(conn, Preset(str(new_id()), camera.camera_id, number, name, preset.token))
        kept += 1
    return kept


def _told(findings: OnvifFindings) -> Told:
    return Told(
        manufacturer=findings.manufacturer,
        model=findings.model,
        firmware=findings.firmware,
        serial=findings.serial,
        moves=findings.has_ptz,
        streams=tuple(
            StreamTold(
                profile.codec,
                profile.width,
                profile.height,
                profile.fps,
                profile.gop_s,
                profile.bitrate_kbps,
                profile.uri,
            )
            for profile in findings.streams
        ),
    )
