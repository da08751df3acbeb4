"""Draws a town: the same sites, cameras and arrêtés at every run, since the generator is seeded by the town."""

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from camera_registry.domain.authorisation import MAX_YEARS, Authorisation, Finalite, Window, years_later
from camera_registry.domain.camera import Camera, Credentials, Endpoints, Equipment
from camera_registry.domain.commune import Commune, Site, Support
from camera_registry.domain.position import Area, Position, lambert93
from camera_registry.seeds.equipping import equipped, mounted
from camera_registry.seeds.town import Town, TownCommune, street_names
from contracts.access import OrganisationKind
from contracts.registry import CameraKind, CameraStatus

_LETTERS = {
    CameraKind.PTZ: "P",
    CameraKind.PANORAMIQUE: "V",
    CameraKind.FIXE: "F",
    CameraKind.NOMADE: "N",
}
_WORDS = {
    CameraKind.PTZ: "dôme",
    CameraKind.PANORAMIQUE: "panoramique",
    CameraKind.FIXE: "fixe",
    CameraKind.NOMADE: "nomade",
}
_LANDMARKS = (
    "Hôtel de ville",
    "Gare",
    "Place du marché",
    "Parc municipal",
    "Médiathèque",
    "Groupe scolaire",
    "Gymnase",
    "Collège",
)
_CANDIDATES = 8
_MARGIN_M = 25.0
_SPACING_M = 4.0
_SPARE_PLACES = 5
_FAULTY = 0.01
_IN_WORKS = 0.02
_FINALITES = (
    Finalite.BATIMENTS_PUBLICS,
    Finalite.INFRACTIONS_CIRCULATION,
    Finalite.SECURITE_PERSONNES_BIENS,
    Finalite.SECOURS_INCENDIE,
)
_RECIPIENTS = (
    OrganisationKind.POLICE_NATIONALE,
    OrganisationKind.GENDARMERIE,
    OrganisationKind.SDIS,
    OrganisationKind.POLICE_MUNICIPALE,
)


@dataclass(frozen=True, slots=True)
class Streams:
    """The simulated cameras to attach: ``count`` in all, the first ``ptz_count`` of them PTZ."""

    count: int
    ptz_count: int
    rtsp_base: str
    onvif_base: str | None
    credentials: Credentials | None


@dataclass(frozen=True, slots=True)
class TownSeed:
    """All that a town starts with."""

    town: str
    communes: tuple[Commune, ...]
    sites: tuple[Site, ...]
    cameras: tuple[Camera, ...]
    authorisations: tuple[Authorisation, ...]


def generate(town: Town, at: datetime, streams: Streams | None = None) -> TownSeed:
    """Draw the town. ``at`` is the registration time and the day around which arrêtés are valid."""
    dice = random.Random(f"vigie:{town.slug}")  # noqa: S311 - a drawing, not a secret
    sites = tuple(site for commune in town.communes for site in _sites(town, commune, dice))
    nomad_sites = _nomad_sites(town, sites)
    sites = tuple(mounted(site, without_fibre=site in nomad_sites) for site in sites)
    cameras = _cameras(town, sites, dice, at)
    if streams is not None:
        cameras = _attached(town, cameras, streams)
    return TownSeed(
        town=town.title,
        communes=tuple(Commune(one.insee, one.name, one.contour) for one in town.communes),
        sites=sites,
        cameras=cameras,
        authorisations=tuple(_authorisation(town, commune, cameras, at) for commune in town.communes),
    )


def _sites(town: Town, commune: TownCommune, dice: random.Random) -> list[Site]:
    """Spread points over the commune: each new one is the candidate farthest from those already placed."""
    inside = Area(commune.contour.geometry.buffer(-_MARGIN_M / 111_320.0))
    placed: list[tuple[float, float]] = []
    sites: list[Site] = []
    labels = _labels(commune, dice)
    for number in range(1, commune.sites + 1):
        candidates = [_point_in(inside, dice) for _ in range(_CANDIDATES)]
        best = max(candidates, key=lambda point: _clearance(point, placed))
        placed.append(lambert93(best))
        site_id = f"{town.prefix}-{commune.insee}-{number:04d}"
        sites.append(Site(site_id, commune.insee, labels[number - 1], best))
    return sites


def _labels(commune: TownCommune, dice: random.Random) -> list[str]:
    """Return as many different labels as the commune has sites: landmarks, then corners of streets."""
    streets = street_names()
    labels: list[str] = list(_LANDMARKS[: commune.sites])
    while len(labels) < commune.sites:
        first = streets[int(dice.random() * len(streets))]
        second = streets[int(dice.random() * len(streets))]
        label = f"{first[0].upper()}{first[1:]} / {second}"
        if first != second and label not in labels:
            labels.append(label)
    return labels


def _point_in(area: Area, dice: random.Random) -> Position:
    west, south, east, north = area.geometry.bounds
    while True:
        lon = round(west + (east - west) * dice.random(), 6)
        lat = round(south + (north - south) * dice.random(), 6)
        if area.contains(Position(lon, lat)):
            return Position(lon, lat)


def _clearance(point: Position, placed: list[tuple[float, float]]) -> float:
    here = lambert93(point)
    return min((math.dist(here, other) for other in placed), default=0.0)


def _cameras(town: Town, sites: tuple[Site, ...], dice: random.Random, at: datetime) -> tuple[Camera, ...]:
    """Deal the cameras out: one of a kind to each site in turn; nomad ones to each commune in turn."""
    numbers: dict[tuple[str, CameraKind], int] = {}
    cameras: list[Camera] = []
    supports = {site.site_id: site.support or Support.MAT for site in sites}
    nomad_sites = _nomad_sites(town, sites)
    turn = 0
    for kind, count in town.cameras.items():
        hosts = nomad_sites if kind is CameraKind.NOMADE else sites
        for dealt in range(count):
            site = hosts[(dealt if kind is CameraKind.NOMADE else turn + dealt) % len(hosts)]
            number = numbers[site.site_id, kind] = numbers.get((site.site_id, kind), 0) + 1
            cameras.append(equipped(_camera(site, kind, number, dice, at), supports[site.site_id]))
        turn += 0 if kind is CameraKind.NOMADE else count
    return tuple(sorted(cameras, key=lambda camera: camera.camera_id))


def _nomad_sites(town: Town, sites: Sequence[Site]) -> list[Site]:
    """Return where nomad cameras stand: streets without fibre, the last sites of each commune, commune by commune."""
    each = math.ceil(town.cameras.get(CameraKind.NOMADE, 0) / len(town.communes))
    own = {commune.insee: [site for site in sites if site.insee == commune.insee] for commune in town.communes}
    return [own[commune.insee][-1 - turn] for turn in range(each) for commune in town.communes]


def _camera(site: Site, kind: CameraKind, number: int, dice: random.Random, at: datetime) -> Camera:
    camera_id = f"{site.site_id}-{_LETTERS[kind]}{number}"
    angle = 2 * math.pi * dice.random()
    north = _SPACING_M / 111_320.0
    east = north / math.cos(math.radians(site.position.lat))
    draw = dice.random()
    status = CameraStatus.EN_SERVICE
    if draw < _FAULTY:
        status = CameraStatus.EN_PANNE
    elif draw < _IN_WORKS:
        status = CameraStatus.EN_TRAVAUX
    return Camera(
        camera_id=camera_id,
        code=camera_id,
        label=f"{site.label} – {_WORDS[kind]}{'' if number == 1 else f' {number}'}",
        insee=site.insee,
        site_id=site.site_id,
        kind=kind,
        status=status,
        position=Position(
            round(site.position.lon + east * math.cos(angle), 6),
            round(site.position.lat + north * math.sin(angle), 6),
        ),
        registered_at=at,
        has_ptz=kind is CameraKind.PTZ,
    )


def _attached(town: Town, cameras: tuple[Camera, ...], streams: Streams) -> tuple[Camera, ...]:
    """Give simulated streams to the first cameras of each commune in turn."""
    chosen = live_cameras(town, cameras, streams.count, streams.ptz_count)
    live: dict[str, Camera] = {}
    for number, camera in enumerate(chosen, start=1):
        path = f"{streams.rtsp_base}/{number:04d}"
        device = f"{streams.onvif_base}/{number:04d}/device_service" if streams.onvif_base else None
        endpoints = Endpoints(f"{path}/main", f"{path}/sub", device)
        simulated = Equipment("Vigie", "caméra simulée")
        live[camera.camera_id] = replace(
            camera, endpoints=endpoints, credentials=streams.credentials, equipment=simulated
        )
    return tuple(live.get(camera.camera_id, camera) for camera in cameras)


def live_cameras(town: Town, cameras: tuple[Camera, ...], count: int, ptz_count: int) -> list[Camera]:
    """Return which cameras are live: two in each of ``live_first``, one in every other commune, then in turn.

    The first ``ptz_count`` are PTZ, the others are not. Fewer than ``count`` when the town has no more.
    """
    in_service = [camera for camera in cameras if camera.status is CameraStatus.EN_SERVICE]
    turning = {one.insee: _queue(in_service, one.insee, turning=True) for one in town.communes}
    still = {one.insee: _queue(in_service, one.insee, turning=False) for one in town.communes}
    others = [one.insee for one in town.communes if one.insee not in town.live_first]
    order = [*town.live_first, *town.live_first, *others]
    chosen: list[Camera] = []
    while len(chosen) < count:
        before = len(chosen)
        for insee in order:
            queue = turning[insee] if len(chosen) < ptz_count else still[insee]
            if queue and len(chosen) < count:
                chosen.append(queue.pop(0))
        if len(chosen) == before:
            break
        order = [one.insee for one in town.communes]
    return chosen


def _queue(cameras: list[Camera], insee: str, *, turning: bool) -> list[Camera]:
    return [one for one in cameras if one.insee == insee and one.has_ptz == turning]


def _authorisation(town: Town, commune: TownCommune, cameras: tuple[Camera, ...], at: datetime) -> Authorisation:
    """Return an arrêté of four years around the day, or one about to end where the town's data says so."""
    day = datetime(at.year, at.month, at.day, tzinfo=UTC)
    if commune.ends_in_days is None:
        valid_from = datetime(at.year - 2, at.month, 1, tzinfo=UTC)
        valid_until = years_later(valid_from, 4)
    else:
        valid_until = day + timedelta(days=commune.ends_in_days)
        valid_from = years_later(valid_until, -MAX_YEARS) + timedelta(days=1)
    own = sum(camera.insee == commune.insee for camera in cameras)
    return Authorisation(
        authorisation_id=f"AP-{town.prefix}-{commune.insee}-1",
        arrete_number=f"{town.arrete_prefix}-{valid_from.year}-VP-{commune.insee[2:]}",
        valid_from=valid_from,
        valid_until=valid_until,
        communes=(commune.insee,),
        camera_count=own + _SPARE_PLACES,
        finalites=_FINALITES,
        recipients=_RECIPIENTS,
        retention_days=town.retention_days,
        mode=town.mode,
        event_windows=tuple(_windows(town, valid_from, valid_until)),
        partner_watermark=commune.partner_watermark,
    )


def _windows(town: Town, valid_from: datetime, valid_until: datetime) -> Iterator[Window]:
    """Yield the town's yearly events as dated windows of an arrêté, those that lie wholly in its validity."""
    for year in range(valid_from.year, valid_until.year + 1):
        for event in town.events:
            window = Window(event.begins(year), event.ends(year))
            if valid_from <= window.starts_at and window.ends_at <= valid_until:
                yield window
