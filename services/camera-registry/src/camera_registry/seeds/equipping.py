"""What hangs where: optics, models, supports and links of a drawn town, the same at every run."""

import random
from dataclasses import replace

from camera_registry.domain.camera import Camera, Equipment, Optics, StreamProfile
from camera_registry.domain.commune import Link, Site, Support
from contracts.registry import CameraKind

_SUPPORTS = {Support.MAT: 55, Support.FACADE: 25, Support.CANDELABRE: 15, Support.TOITURE: 5}
_HEIGHT_M = {Support.MAT: (6, 9), Support.FACADE: (4, 8), Support.CANDELABRE: (5, 7), Support.TOITURE: (12, 25)}
_MODELS: dict[CameraKind, tuple[tuple[str, str], ...]] = {
    CameraKind.FIXE: (("Axis", "P1467-LE"), ("Hanwha", "XNO-8082R"), ("Bosch", "NBE-7704-AL")),
    CameraKind.PTZ: (("Axis", "Q6315-LE"), ("Hanwha", "XNP-6400RW")),
    CameraKind.PANORAMIQUE: (("Axis", "P3827-PVE"), ("Hanwha", "PNM-9000QB")),
    CameraKind.MULTI_CAPTEUR: (("Axis", "P3735-PLE"),),
    CameraKind.NOMADE: (("Axis", "P1468-XLE"),),
}
_RANGE_M = {
    CameraKind.FIXE: (40, 90),
    CameraKind.PTZ: (120, 220),
    CameraKind.PANORAMIQUE: (30, 50),
    CameraKind.MULTI_CAPTEUR: (40, 60),
    CameraKind.NOMADE: (50, 100),
}
_OPENING_DEG = {
    CameraKind.FIXE: (40, 95),
    CameraKind.NOMADE: (55, 95),
    CameraKind.PANORAMIQUE: (360, 360),
    CameraKind.MULTI_CAPTEUR: (180, 270),
}
_PICTURES = {CameraKind.PANORAMIQUE: (3712, 1856)}
_FULL_HD = (1920, 1080)


def mounted(site: Site, *, without_fibre: bool) -> Site:
    """Return the site with a support and a link drawn for it."""
    dice = _dice(site.site_id)
    support = dice.choices(list(_SUPPORTS), list(_SUPPORTS.values()))[0]
    return replace(site, support=support, link=Link.MOBILE_4G if without_fibre else Link.FIBRE)


def equipped(camera: Camera, support: Support) -> Camera:
    """Return the camera with optics, model and streams drawn for it; a dome has no azimuth of its own."""
    dice = _dice(camera.camera_id)
    manufacturer, model = dice.choice(_MODELS[camera.kind])
    opening = _OPENING_DEG.get(camera.kind)
    opening_deg = float(dice.randint(*opening)) if opening else None
    aimed = opening_deg is not None and opening is not None and opening[0] < opening[1]
    optics = Optics(
        azimuth_deg=float(dice.randrange(0, 360, 5)) if aimed else None,
        opening_deg=opening_deg,
        range_m=float(dice.randint(*_RANGE_M[camera.kind])),
        height_m=float(dice.randint(*_HEIGHT_M[support])),
    )
    width, height = _PICTURES.get(camera.kind, _FULL_HD)
    streams = (
        StreamProfile("main", "H264", width, height, 25.0, 2.0, 4000),
        StreamProfile("sub", "H264", 640, 360, 12.5, 2.0, 500),
    )
    return replace(camera, optics=optics, equipment=Equipment(manufacturer, model, streams=streams))


def _dice(name: str) -> random.Random:
    return random.Random(f"vigie:{name}")  # noqa: S311 - a drawing, not a secret
