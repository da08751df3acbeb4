"""Requests and responses about arrêtés."""

from typing import Annotated, Any, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from camera_registry.domain.authorisation import Authorisation, Finalite, ResponsiblePerson, Window
from camera_registry.domain.perimeter import MAX_RADIUS_M, ListedPosition, read_perimeter
from camera_registry.domain.position import Area, Position
from camera_registry.domain.renewal import Renewal, RenewalState, due_at, overdue
from contracts.access import OrganisationKind
from contracts.envelope import Insee
from contracts.registry import EventWindow, OperatingMode

_MANY = 500
_POSITIONS = 5_000
_LARGEST_COUNT = 1_000_000
_T = TypeVar("_T")
Sentence = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")]
Number = Annotated[str, StringConstraints(max_length=100, pattern=r"^[^\x00]*$")]
Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]


class ListedPositionBody(BaseModel):
    """A position that the arrêté lists; a camera stands on it within ``radius_m`` metres."""

    model_config = ConfigDict(extra="forbid")

    lon: float = Field(ge=-180, le=180)
    lat: float = Field(ge=-90, le=90)
    radius_m: float = Field(default=30.0, gt=0, le=MAX_RADIUS_M)
    label: Sentence = ""

    def to_domain(self) -> ListedPosition:
        return ListedPosition(Position(self.lon, self.lat), self.radius_m, self.label)


class ResponsibleBody(BaseModel):
    """Who answers for the system: name, function, contact (mail or telephone)."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    name: Sentence
    function: Sentence
    contact: Sentence


class AuthorisationPatch(BaseModel):
    """Terms of an arrêté to change; what is absent stays.

    ``revision`` is the one that was read: needed for everything but ``valid_until`` alone, since an arrêté must be
    ended without delay. ``perimeter`` is a GeoJSON Polygon, MultiPolygon, Feature or FeatureCollection, null: the
    communes' contours or the listed ``positions``.
    """

    model_config = ConfigDict(extra="forbid")

    revision: int | None = Field(default=None, ge=0)
    arrete_number: Number | None = None
    valid_from: AwareDatetime | None = None
    valid_until: AwareDatetime | None = None
    communes: list[Insee] | None = Field(default=None, max_length=_MANY)
    camera_count: int | None = Field(default=None, le=_LARGEST_COUNT)
    finalites: list[Finalite] | None = None
    recipients: list[OrganisationKind] | None = None
    retention_days: int | None = None
    retention_min_days: int | None = None
    mode: OperatingMode | None = None
    event_windows: list[EventWindow] | None = Field(default=None, max_length=_MANY)
    perimeter: dict[str, Any] | None = None
    positions: list[ListedPositionBody] | None = Field(default=None, max_length=_POSITIONS)
    verbalisation: bool | None = None
    partner_watermark: bool | None = None
    responsible: ResponsibleBody | None = None

    @property
    def only_ends(self) -> bool:
        """Whether nothing but the end is changed."""
        return self.model_fields_set <= {"revision", "valid_until"}

    def changes(self) -> dict[str, object]:
        """Return the fields of domain.Authorisation to change; raises domain.PerimeterInvalid.

        Absent and null are one for what an arrêté always has; null takes away a perimeter, a minimum, a person.
        """
        given = self.model_fields_set - {"revision"}
        nullable = {"perimeter", "retention_min_days", "responsible"}
        return {
            name: _DOMAIN_VALUE.get(name, _same)(value)
            for name in sorted(given)
            if (value := getattr(self, name)) is not None or name in nullable
        }


class AuthorisationIn(BaseModel):
    """An arrêté to record; the scan follows by itself, its digest is ours to compute.

    ``perimeter``: GeoJSON Polygon, MultiPolygon, Feature or FeatureCollection; or ``positions``; with neither, the
    communes' contours.
    """

    model_config = ConfigDict(extra="forbid")

    authorisation_id: Identifier | None = None
    arrete_number: Number
    valid_from: AwareDatetime
    valid_until: AwareDatetime
    communes: list[Insee] = Field(max_length=_MANY)
    camera_count: int = Field(le=_LARGEST_COUNT)
    finalites: list[Finalite]
    recipients: list[OrganisationKind]
    retention_days: int
    mode: OperatingMode
    event_windows: list[EventWindow] = Field(default_factory=list[EventWindow], max_length=_MANY)
    perimeter: dict[str, Any] | None = None
    positions: list[ListedPositionBody] = Field(default_factory=list[ListedPositionBody], max_length=_POSITIONS)
    retention_min_days: int | None = None
    verbalisation: bool = False
    partner_watermark: bool = False
    responsible: ResponsibleBody | None = None

    def to_domain(self, new_id: str) -> Authorisation:
        """Return the arrêté; raises domain.AuthorisationInvalid, domain.PerimeterInvalid."""
        return Authorisation(
            authorisation_id=self.authorisation_id or new_id,
            arrete_number=self.arrete_number,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
            communes=_distinct(self.communes),
            camera_count=self.camera_count,
            finalites=_distinct(self.finalites),
            recipients=_distinct(self.recipients),
            retention_days=self.retention_days,
            mode=self.mode,
            event_windows=_windows(self.event_windows),
            perimeter=_area(self.perimeter),
            positions=_listed(self.positions),
            retention_min_days=self.retention_min_days,
            verbalisation=self.verbalisation,
            partner_watermark=self.partner_watermark,
            responsible=_person(self.responsible),
        )


class RenewalBrief(BaseModel):
    """Where the renewal file of an arrêté stands. ``due_at``: 120 days before the end."""

    state: RenewalState
    due_at: AwareDatetime
    overdue: bool
    successor_id: str | None
    gap_seconds: float | None


class AuthorisationOut(BaseModel):
    """An arrêté. ``warning_days``: the tightest warning reached before its end (0: ended), None when quiet.

    A warning is quiet too once the renewal is granted and the new arrêté follows without a gap.
    """

    authorisation_id: str
    arrete_number: str
    valid_from: AwareDatetime
    valid_until: AwareDatetime
    communes: list[str]
    camera_count: int
    cameras_covered: int
    finalites: list[Finalite]
    recipients: list[OrganisationKind]
    retention_days: int
    retention_min_days: int | None
    mode: OperatingMode
    event_windows: list[EventWindow]
    perimeter: dict[str, Any] | None
    positions: list[ListedPositionBody]
    verbalisation: bool
    partner_watermark: bool
    responsible: ResponsibleBody | None
    scan_sha256: str | None
    revision: int
    in_force: bool
    warning_days: int | None
    renewal: RenewalBrief

    @classmethod
    def of(
        cls,
        one: Authorisation,
        at: AwareDatetime,
        *,
        covered: int = 0,
        renewal: Renewal | None = None,
        successor: Authorisation | None = None,
    ) -> "AuthorisationOut":
        gap = max((successor.valid_from - one.valid_until).total_seconds(), 0.0) if successor else None
        return cls(
            authorisation_id=one.authorisation_id,
            arrete_number=one.arrete_number,
            valid_from=one.valid_from,
            valid_until=one.valid_until,
            communes=list(one.communes),
            camera_count=one.camera_count,
            cameras_covered=covered,
            finalites=list(one.finalites),
            recipients=list(one.recipients),
            retention_days=one.retention_days,
            retention_min_days=one.retention_min_days,
            mode=one.mode,
            event_windows=[EventWindow(starts_at=w.starts_at, ends_at=w.ends_at) for w in one.event_windows],
            perimeter=one.perimeter.to_geojson() if one.perimeter else None,
            positions=[
                ListedPositionBody(
                    lon=listed.position.lon, lat=listed.position.lat, radius_m=listed.radius_m, label=listed.label
                )
                for listed in one.positions
            ],
            verbalisation=one.verbalisation,
            partner_watermark=one.partner_watermark,
            responsible=ResponsibleBody.model_validate(one.responsible) if one.responsible else None,
            scan_sha256=one.scan_sha256,
            revision=one.revision,
            in_force=one.valid_at(at),
            warning_days=None if gap == 0 else one.warning_at(at),
            renewal=RenewalBrief(
                state=renewal.state if renewal else RenewalState.A_PREPARER,
                due_at=due_at(one),
                overdue=overdue(one, renewal, at),
                successor_id=renewal.successor_id if renewal else None,
                gap_seconds=gap,
            ),
        )


class AuthorisationList(BaseModel):
    """Authorisations, the soonest to end first."""

    items: list[AuthorisationOut]
    next_cursor: str | None = None


def _same(value: object) -> object:
    return value


def _distinct(values: list[_T]) -> tuple[_T, ...]:
    return tuple(dict.fromkeys(values))


def _windows(windows: list[EventWindow]) -> tuple[Window, ...]:
    return tuple(Window(one.starts_at, one.ends_at) for one in windows)


def _area(document: dict[str, Any] | None) -> Area | None:
    return read_perimeter(document) if document is not None else None


def _listed(positions: list[ListedPositionBody]) -> tuple[ListedPosition, ...]:
    return tuple(one.to_domain() for one in positions)


def _person(person: ResponsibleBody | None) -> ResponsiblePerson | None:
    return ResponsiblePerson(person.name, person.function, person.contact) if person else None


_DOMAIN_VALUE: dict[str, Any] = {
    "communes": _distinct,
    "finalites": _distinct,
    "recipients": _distinct,
    "event_windows": _windows,
    "perimeter": _area,
    "positions": _listed,
    "responsible": _person,
}
