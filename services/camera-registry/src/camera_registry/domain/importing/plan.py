"""What an import would change: pure comparison of the lines of a file with what is registered."""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from camera_registry.domain.camera import Camera, CameraInvalid, Credentials, Endpoints, Equipment, Optics
from camera_registry.domain.camera_edit import check_kind
from camera_registry.domain.camera_network import CREDENTIALS_DROPPED, CameraNetworks, same_devices
from camera_registry.domain.camera_status import FRENCH, StatusRefused, check_first, check_step
from camera_registry.domain.commune import Commune, Site
from camera_registry.domain.importing.issues import CellProblem, Issue, shown
from camera_registry.domain.importing.lines import CameraLine
from camera_registry.domain.importing.sites import SiteBook
from camera_registry.domain.importing.words import plain
from camera_registry.domain.position import Position, PositionPrecision, distance_m
from contracts.registry import CameraKind, CameraStatus

MOVE_TOLERANCE_M = 50
"""A position may be corrected this far by an import; farther, somebody has moved the camera."""
_MOVE_IS_AN_ACT = "Un déplacement est un acte (arrêté, information du préfet), pas un import"
_COMPARED = (
    *("label", "site_id", "kind", "status", "position", "precision", "endpoints", "optics", "equipment"),
    *("installed_on", "notes", "has_ptz"),
)


@dataclass(frozen=True, slots=True)
class Registered:
    """What is registered before the import, by id; ``communes`` only those that the caller may write.

    ``networks``: where cameras may be (None: anywhere).
    """

    communes: Mapping[str, Commune]
    sites: Mapping[str, Site]
    cameras: Mapping[str, Camera]
    networks: CameraNetworks | None = None


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a camera before and after, as a person reads it; secrets only as *changed*."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class CameraChange:
    """A registered camera as the file would have it; ``before`` as it is."""

    line: int
    before: Camera
    after: Camera

    @property
    def fields(self) -> tuple[FieldChange, ...]:
        """What differs, field by field."""
        found = [
            FieldChange(name, _said(getattr(self.before, name)), _said(getattr(self.after, name)))
            for name in _COMPARED
            if getattr(self.before, name) != getattr(self.after, name)
        ]
        if self.before.credentials != self.after.credentials:
            now = "••• (changé)" if self.after.credentials else CREDENTIALS_DROPPED
            found.append(FieldChange("credentials", "•••" if self.before.credentials else "", now))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What would be written, what would not, and what to mend. ``missing``: registered but absent from the file."""

    sites: tuple[Site, ...]
    created: tuple[Camera, ...]
    changes: tuple[CameraChange, ...]
    unchanged: int
    missing: tuple[Camera, ...]
    issues: tuple[Issue, ...]

    @property
    def errors(self) -> tuple[Issue, ...]:
        """What refuses a line."""
        return tuple(issue for issue in self.issues if issue.severity == "error")

    @property
    def warnings(self) -> tuple[Issue, ...]:
        """What a person should look at; the line is taken."""
        return tuple(issue for issue in self.issues if issue.severity == "warning")

    @property
    def valid(self) -> int:
        """Number of cameras that can be registered."""
        return len(self.created) + len(self.changes) + self.unchanged

    @property
    def writes(self) -> bool:
        """Whether anything would be stored."""
        return bool(self.created or self.changes)

    def fingerprint(self) -> str:
        """Return what names exactly these writes over exactly this register; another state of it gives another."""
        digest = hashlib.sha256()
        for site in self.sites:
            digest.update(f"site|{site.site_id}|{site.label}|{site.position}\n".encode())
        for camera in self.created:
            values = [getattr(camera, name) for name in _COMPARED]
            digest.update(f"new|{camera.camera_id}|{camera.insee}|{values}\n".encode())
        for change in self.changes:
            values = [getattr(change.after, name) for name in _COMPARED]
            digest.update(f"change|{change.before.camera_id}|{change.before.revision}|{values}\n".encode())
        return digest.hexdigest()


def plan_import(
    lines: Sequence[CameraLine],
    issues: Iterable[Issue],
    registered: Registered,
    at: datetime,
    mentioned: Collection[str] = (),
) -> ImportPlan:
    """Compare; the same file twice plans nothing the second time. ``at`` is the registration time of new ones.

    ``mentioned`` holds codes of lines that could not be read: they are not missing from the file.
    """
    comparison = _Comparison(registered, at, by_commune=_numbered_by_commune(lines))
    comparison.issues.extend(issues)
    for line in lines:
        try:
            comparison.take(line)
        except CellProblem as problem:
            comparison.issues.append(
                Issue(line.line, problem.column, shown(problem.column, problem.value or ""), problem.message)
            )
    comparison.issues.sort(key=lambda issue: (issue.line, issue.severity))
    return ImportPlan(
        sites=tuple(comparison.sites.new),
        created=tuple(comparison.created),
        changes=tuple(comparison.changes),
        unchanged=comparison.unchanged,
        missing=_missing(registered, comparison, lines, frozenset(mentioned)),
        issues=tuple(comparison.issues),
    )


class _Comparison:
    """One pass over the lines."""

    def __init__(self, registered: Registered, at: datetime, *, by_commune: bool) -> None:
        self._registered = registered
        self._at = at
        self._by_commune = by_commune
        self._by_code = {camera.code: camera for camera in registered.cameras.values()}
        self._first: dict[str, CameraLine] = {}
        self._places: dict[tuple[str, float, float], CameraLine] = {}
        self._centres: dict[str, Position] = {}
        self.sites = SiteBook(registered.sites.values())
        self.created: list[Camera] = []
        self.changes: list[CameraChange] = []
        self.unchanged = 0
        self.seen: set[str] = set()
        self.issues: list[Issue] = []

    def take(self, line: CameraLine) -> None:
        """Plan one line. Raises CellProblem."""
        line, before = self._identified(line)
        self.seen.add(line.code)
        if self._repeated(line):
            return
        self._alike(line)
        if before is None and line.code in self._registered.cameras:
            raise CellProblem("code", "Ce code a désigné une autre caméra : un code ne sert qu'une fois.", line.code)
        if before is not None:
            line = self._allowed(line, before)
        try:
            if self._registered.networks is not None:
                self._registered.networks.check(line.endpoints, before.endpoints if before else Endpoints())
            if before is None:
                self.created.append(self._new(line))
                return
            after = self._changed(line, before)
        except CameraInvalid as error:
            raise CellProblem(error.field, error.message) from error
        if after == before:
            self.unchanged += 1
        else:
            self.changes.append(CameraChange(line.line, before, after.revised()))

    def _identified(self, line: CameraLine) -> tuple[CameraLine, Camera | None]:
        """Return the line under the code it is registered by: communes that each count from 1 get their INSEE code."""
        before = self._by_code.get(line.code)
        here = before is not None and before.insee == line.commune.insee
        own = f"{line.commune.insee}-{line.code}"[:64]
        if not here and (self._by_commune or own in self._by_code):
            return replace(line, code=own, site_base=own), self._by_code.get(own)
        return line, before

    def _repeated(self, line: CameraLine) -> bool:
        first = self._first.setdefault(line.code, line)
        if first is line:
            return False
        if replace(first, line=line.line) == line:
            self._warn(line, "code", line.code, f"Ligne identique à la ligne {first.line} : prise une seule fois.")
            return True
        raise CellProblem("code", f"Code déjà présent à la ligne {first.line} : gardez-en une.", line.code)

    def _alike(self, line: CameraLine) -> None:
        if line.position is None or line.label is None:
            return
        place = (plain(line.label), round(line.position.lon, 5), round(line.position.lat, 5))
        first = self._places.setdefault(place, line)
        if first.line != line.line:
            self._warn(
                line,
                "label",
                line.label,
                f"Même lieu et même libellé qu'à la ligne {first.line} : peut-être un doublon.",
            )

    def _allowed(self, line: CameraLine, before: Camera) -> CameraLine:
        """Return the line as far as an import may change a registered camera. Raises CellProblem.

        A camera is authorised where it stands (L.252-1 to L.252-3 CSI): moving it is an act, not a line of a file.
        """
        if before.insee not in self._registered.communes:
            raise CellProblem(
                "code", "Ce code est déjà pris hors de votre périmètre : choisissez-en un autre.", line.code
            )
        if line.commune.insee != before.insee:
            raise CellProblem(
                "commune",
                f"Cette caméra est enregistrée dans une autre commune. {_MOVE_IS_AN_ACT} : remettez sa commune, ou "
                "donnez un nouveau code à une nouvelle caméra.",
                line.commune.name,
            )
        _check_status(before.status, line.status)
        if line.position is None:
            return line
        nomad = before.kind is CameraKind.NOMADE and before.counted
        planned = not before.counted and before.status is not CameraStatus.DEPOSEE
        if not nomad and (planned or not before.precision.located):
            return line
        metres = distance_m(before.position, line.position)
        if metres > MOVE_TOLERANCE_M:
            raise CellProblem(
                "lon",
                f"Déplacement ignoré : cette caméra serait déplacée de {metres:.0f} m ({MOVE_TOLERANCE_M} m au plus). "
                f"{_MOVE_IS_AN_ACT} : remettez sa position, ou donnez un nouveau code à une nouvelle caméra.",
                f"{line.position.lon}, {line.position.lat}",
            )
        return replace(line, position=None, precision=None) if nomad else line

    def _new(self, line: CameraLine) -> Camera:
        kind = line.kind or CameraKind.FIXE
        position = line.position or self._centre(line.commune)
        unplaced = line.position is None
        planned = unplaced and line.installed_on is None
        status = line.status or (CameraStatus.PROJET if planned else CameraStatus.EN_SERVICE)
        check_first(status)
        return Camera(
            camera_id=line.code,
            code=line.code,
            label=line.label or line.code,
            insee=line.commune.insee,
            site_id=self.sites.of(line, position, None),
            kind=kind,
            status=status,
            position=position,
            registered_at=self._at,
            has_ptz=kind is CameraKind.PTZ,
            endpoints=line.endpoints,
            credentials=_credentials(line, None),
            optics=line.optics,
            equipment=_equipment(line, Equipment()),
            notes=line.notes or "",
            precision=PositionPrecision.COMMUNE if unplaced else line.precision or PositionPrecision.EXACT,
            installed_on=line.installed_on,
        )

    def _changed(self, line: CameraLine, before: Camera) -> Camera:
        kind = line.kind or before.kind
        position = line.position or before.position
        endpoints = Endpoints(
            line.endpoints.main_url or before.endpoints.main_url,
            line.endpoints.sub_url or before.endpoints.sub_url,
            line.endpoints.onvif_url or before.endpoints.onvif_url,
        )
        kept = before.credentials if same_devices(before.endpoints, endpoints) else None
        after = replace(
            before,
            label=line.label or before.label,
            site_id=self.sites.of(line, position, before),
            kind=kind,
            status=line.status or before.status,
            position=position,
            precision=line.precision or before.precision,
            has_ptz=before.has_ptz if kind is before.kind else kind is CameraKind.PTZ,
            endpoints=endpoints,
            credentials=_credentials(line, kept),
            optics=_optics(line.optics, before.optics),
            equipment=_equipment(line, before.equipment),
            notes=line.notes or before.notes,
            installed_on=line.installed_on or before.installed_on,
        )
        check_kind(before, after)
        return after

    def _centre(self, commune: Commune) -> Position:
        if commune.insee not in self._centres:
            centre = commune.contour.centre
            self._centres[commune.insee] = Position(round(centre.lon, 6), round(centre.lat, 6))
        return self._centres[commune.insee]

    def _warn(self, line: CameraLine, column: str, value: str, message: str) -> None:
        self.issues.append(Issue(line.line, column, shown(column, value), message, "warning"))


def _check_status(present: CameraStatus, wanted: CameraStatus | None) -> None:
    """Raise CellProblem for a status that does not follow the present one: a file skips no step of a camera's life."""
    if wanted is None:
        return
    try:
        check_step(present, wanted)
    except StatusRefused as error:
        raise CellProblem("status", error.message, FRENCH[wanted]) from error


def _numbered_by_commune(lines: Sequence[CameraLine]) -> bool:
    """Tell whether the communes of a file each count their cameras from 1: codes repeat, but never within a commune."""
    codes = Counter(line.code for line in lines)
    if len(codes) == len(lines):
        return False
    within = Counter((line.code, line.commune.insee) for line in lines)
    return len(within) == len(lines)


def _missing(
    registered: Registered, comparison: _Comparison, lines: Sequence[CameraLine], mentioned: frozenset[str]
) -> tuple[Camera, ...]:
    """Return the cameras of the file's communes that the file does not name."""
    communes = {line.commune.insee for line in lines}
    return tuple(
        camera
        for camera_id, camera in sorted(registered.cameras.items())
        if camera.insee in communes
        and camera.code not in comparison.seen
        and camera.code not in mentioned
        and camera.code.removeprefix(f"{camera.insee}-") not in mentioned
        and camera.status is not CameraStatus.DEPOSEE
        and camera_id not in comparison.seen
    )


def _credentials(line: CameraLine, before: Credentials | None) -> Credentials | None:
    username = line.username if line.username is not None else (before.username if before else None)
    password = line.password if line.password is not None else (before.password if before else None)
    if username is None and password is None:
        return None
    return Credentials(username or "", password or "")


def _equipment(line: CameraLine, before: Equipment) -> Equipment:
    return replace(
        before,
        manufacturer=line.manufacturer or before.manufacturer,
        model=line.model or before.model,
        firmware=line.firmware or before.firmware,
        serial=line.serial or before.serial,
    )


def _optics(given: Optics | None, before: Optics | None) -> Optics | None:
    if given is None or before is None:
        return given or before
    names = ("azimuth_deg", "opening_deg", "range_m", "height_m")
    values = {
        name: getattr(given, name) if getattr(given, name) is not None else getattr(before, name) for name in names
    }
    return Optics(**values)


def _said(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Position):
        return f"{value.lon:.6f}, {value.lat:.6f}"
    if isinstance(value, Endpoints):  # no camera address reaches a browser
        names = (("RTSP", value.main_url), ("RTSP secondaire", value.sub_url), ("ONVIF", value.onvif_url))
        return ", ".join(f"{name} •••" for name, url in names if url)
    if isinstance(value, Optics):
        parts = (value.azimuth_deg, value.opening_deg, value.range_m, value.height_m)
        return " / ".join("–" if part is None else f"{part:g}" for part in parts)
    if isinstance(value, Equipment):
        return " ".join(part for part in (value.manufacturer, value.model, value.firmware, value.serial) if part)
    return str(value)
