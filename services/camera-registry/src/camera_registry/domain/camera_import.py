"""What an import would change: pure comparison of a read file with what is registered."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from camera_registry.domain.camera import Camera, CameraInvalid, Credentials, Endpoints
from camera_registry.domain.camera_csv import CameraFile, CameraLine, LineError
from camera_registry.domain.commune import Commune, Site, folded
from camera_registry.domain.position import distance_m
from contracts.registry import CameraKind, CameraStatus

BORDER_TOLERANCE_M = 300
"""Contours are generalised: a camera this far outside its commune is still taken as in it."""
MOVE_TOLERANCE_M = 50
"""A position may be corrected this far by an import; farther, somebody has moved the camera."""
_STANDING = frozenset({CameraStatus.EN_SERVICE, CameraStatus.EN_PANNE})
"""In service: a broken camera hangs on its mast as before."""


@dataclass(frozen=True, slots=True)
class Registered:
    """What is registered before the import, by id; ``communes`` only those that the caller may write."""

    communes: Mapping[str, Commune]
    sites: Mapping[str, Site]
    cameras: Mapping[str, Camera]


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What would be written: new sites, new cameras, changed cameras; and what cannot be, line by line."""

    sites: tuple[Site, ...]
    created: tuple[Camera, ...]
    changed: tuple[Camera, ...]
    unchanged: int
    errors: tuple[LineError, ...]

    @property
    def valid(self) -> int:
        """Number of lines that can be registered."""
        return len(self.created) + len(self.changed) + self.unchanged

    @property
    def writes(self) -> bool:
        """Whether anything would be stored."""
        return bool(self.created or self.changed)


def plan_import(file: CameraFile, registered: Registered, at: datetime) -> ImportPlan:
    """Compare; the same file twice plans nothing the second time. ``at`` is the registration time of new ones."""
    by_name = {folded(commune.name): commune for commune in registered.communes.values()}
    by_code = {camera.code: camera for camera in registered.cameras.values()}
    sites = _Sites(registered.sites.values())
    created: list[Camera] = []
    changed: list[Camera] = []
    errors = list(file.errors)
    unchanged = 0
    for line in file.lines:
        commune = registered.communes.get(line.commune) or by_name.get(folded(line.commune))
        before = by_code.get(line.code)
        problem = _misplaced(line, commune) or _foreign(line, before, registered) or _moved(line, commune, before)
        if problem is not None or commune is None:
            errors.extend([problem] if problem else [])
            continue
        try:
            camera = _camera(line, commune, before, sites, at)
        except CameraInvalid as error:
            errors.append(LineError(line.line, error.field, "", error.message))
            continue
        if before is None:
            created.append(camera)
        elif camera == before:
            unchanged += 1
        else:
            changed.append(camera.revised())
    errors.sort(key=lambda error: error.line)
    return ImportPlan(tuple(sites.new), tuple(created), tuple(changed), unchanged, tuple(errors))


class _Sites:
    """The sites known so far, and those that the file brings."""

    def __init__(self, known: Iterable[Site]) -> None:
        self._by_id = {site.site_id: site for site in known}
        self._by_label = {(site.insee, folded(site.label)): site for site in self._by_id.values()}
        self.new: list[Site] = []

    def of(self, line: CameraLine, commune: Commune, before: Camera | None) -> str:
        """Return the id of the site that the line names, or keeps, or makes."""
        if line.site is None:
            if before is not None:
                return before.site_id
            return self._named(f"{line.code}-S", line.label or line.code, line, commune)
        if line.site in self._by_id and self._by_id[line.site].insee == commune.insee:
            return line.site
        known = self._by_label.get((commune.insee, folded(line.site)))
        if known is not None:
            return known.site_id
        slug = folded(line.site).replace(" ", "-")[:48]
        return self._named(f"{commune.insee}-{slug}", line.site, line, commune)

    def _named(self, site_id: str, label: str, line: CameraLine, commune: Commune) -> str:
        if site_id not in self._by_id:
            site = Site(site_id, commune.insee, label, line.position)
            self._by_id[site_id] = site
            self._by_label[(commune.insee, folded(label))] = site
            self.new.append(site)
        return site_id


def _misplaced(line: CameraLine, commune: Commune | None) -> LineError | None:
    if commune is None:
        return LineError(
            line.line,
            "commune",
            line.commune,
            "Commune inconnue ou hors de votre périmètre : écrivez son nom exact ou son code INSEE.",
        )
    if commune.contour.within_reach(line.position, BORDER_TOLERANCE_M):
        return None
    shown = f"{line.position.lon}, {line.position.lat}"
    swapped = replace(line.position, lon=line.position.lat, lat=max(-90.0, min(90.0, line.position.lon)))
    if commune.contour.within_reach(swapped, BORDER_TOLERANCE_M):
        return LineError(line.line, "lon", shown, "Longitude et latitude semblent inversées : échangez-les.")
    return LineError(
        line.line, "lon", shown, f"Ce point n'est pas à {commune.name} : vérifiez la position ou la commune."
    )


def _foreign(line: CameraLine, before: Camera | None, registered: Registered) -> LineError | None:
    if before is None or before.insee in registered.communes:
        return None
    return LineError(
        line.line, "code", line.code, "Ce code est déjà pris hors de votre périmètre : choisissez-en un autre."
    )


def _moved(line: CameraLine, commune: Commune | None, before: Camera | None) -> LineError | None:
    """A camera is authorised where it stands (L.252-1 to L.252-3 CSI): moving it is an act, not a line of a file."""
    if before is None or commune is None:
        return None
    if commune.insee != before.insee:
        return LineError(
            line.line,
            "commune",
            line.commune,
            "Cette caméra est enregistrée dans une autre commune. Un déplacement est un acte (arrêté, information du "
            "préfet), pas un import : remettez sa commune, ou donnez un nouveau code à une nouvelle caméra.",
        )
    if before.kind is CameraKind.NOMADE or before.status not in _STANDING:
        return None
    metres = distance_m(before.position, line.position)
    if metres <= MOVE_TOLERANCE_M:
        return None
    return LineError(
        line.line,
        "lon",
        f"{line.position.lon}, {line.position.lat}",
        f"Cette caméra en service serait déplacée de {metres:.0f} m ({MOVE_TOLERANCE_M} m au plus). Un déplacement est "
        "un acte (arrêté, information du préfet), pas un import : remettez sa position, ou donnez un nouveau code à "
        "une nouvelle caméra.",
    )


def _camera(line: CameraLine, commune: Commune, before: Camera | None, sites: _Sites, at: datetime) -> Camera:
    site_id = sites.of(line, commune, before)
    if before is None:
        kind = line.kind or CameraKind.FIXE
        return Camera(
            camera_id=line.code,
            code=line.code,
            label=line.label or line.code,
            insee=commune.insee,
            site_id=site_id,
            kind=kind,
            status=line.status or CameraStatus.EN_SERVICE,
            position=line.position,
            registered_at=at,
            has_ptz=kind is CameraKind.PTZ,
            endpoints=line.endpoints,
            credentials=_credentials(line, None),
        )
    kind = line.kind or before.kind
    return replace(
        before,
        label=line.label or before.label,
        insee=commune.insee,
        site_id=site_id,
        kind=kind,
        status=line.status or before.status,
        position=line.position,
        has_ptz=before.has_ptz if kind is before.kind else kind is CameraKind.PTZ,
        endpoints=Endpoints(
            line.endpoints.main_url or before.endpoints.main_url,
            line.endpoints.sub_url or before.endpoints.sub_url,
            line.endpoints.onvif_url or before.endpoints.onvif_url,
        ),
        credentials=_credentials(line, before.credentials),
    )


def _credentials(line: CameraLine, before: Credentials | None) -> Credentials | None:
    username = line.username if line.username is not None else (before.username if before else None)
    password = line.password if line.password is not None else (before.password if before else None)
    if username is None and password is None:
        return None
    return Credentials(username or "", password or "")
