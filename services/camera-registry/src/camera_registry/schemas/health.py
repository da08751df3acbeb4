"""How the fleet does, as the HTTP face shows it."""

from collections.abc import Iterable

from pydantic import AwareDatetime, BaseModel, Field

from camera_registry.domain.availability import Availability
from camera_registry.domain.health_rules import HealthRules
from camera_registry.domain.stream_quality import StreamQuality, minimum_for, shortfalls
from camera_registry.domain.troubles import ORDER, TITLES, WHAT_TO_DO
from camera_registry.repository.fleet_health import CameraAvailability, CameraHealth, Counts, LastingTrouble
from contracts.registry import AlarmKind, CameraKind, CameraStatus


class KindCount(BaseModel):
    """How many cameras have one kind of trouble."""

    kind: AlarmKind
    title: str
    number: int


class FleetCounts(BaseModel):
    """Cameras with a stream: those expected to work, of these online, lost, unknown and troubled; those set aside."""

    expected: int
    online: int
    lost: int
    unknown: int
    troubled: int
    set_aside: int
    by_kind: list[KindCount]

    @classmethod
    def of(cls, counts: Counts) -> "FleetCounts":
        by_kind = [
            KindCount(kind=kind, title=TITLES[kind], number=counts.by_kind[kind])
            for kind in ORDER
            if kind in counts.by_kind
        ]
        return cls(
            expected=counts.expected,
            online=counts.online,
            lost=counts.lost,
            unknown=counts.unknown,
            troubled=counts.troubled,
            set_aside=counts.set_aside,
            by_kind=by_kind,
        )


class TroubleOut(BaseModel):
    """What is wrong since when, and what to do. ``alarm``: it keeps an alarm open."""

    kind: AlarmKind
    title: str
    since: AwareDatetime
    detail: str
    what_to_do: str
    alarm: bool

    @classmethod
    def of(cls, trouble: LastingTrouble) -> "TroubleOut":
        return cls(
            kind=trouble.kind,
            title=TITLES[trouble.kind],
            since=trouble.since,
            detail=trouble.detail,
            what_to_do=WHAT_TO_DO[trouble.kind],
            alarm=trouble.alarm,
        )


class QualityOut(BaseModel):
    """The recorded stream as measured, the minimum it must meet with its source, and what falls short."""

    codec: str
    width: int | None
    height: int | None
    fps: float | None
    gop_s: float | None
    bitrate_kbps: float | None
    minimum: str
    citation: str
    shortfalls: list[str]


class CameraHealthOut(BaseModel):
    """How one camera does. ``watched_by``: ``media`` (its recording), ``sonde`` (our own questions) or nobody yet."""

    camera_id: str
    code: str
    label: str
    insee: str
    commune: str
    kind: CameraKind
    status: CameraStatus
    online: bool | None
    since: AwareDatetime | None
    watched_by: str | None
    checked_at: AwareDatetime | None
    looked_at: AwareDatetime | None
    look_error: str
    received_kbps: float | None
    clock_offset_s: float | None
    quality: QualityOut | None
    troubles: list[TroubleOut]
    ticket_id: str | None

    @classmethod
    def of(cls, health: CameraHealth, rules: HealthRules) -> "CameraHealthOut":
        row = health.row
        troubles = sorted(health.troubles, key=lambda trouble: ORDER.index(trouble.kind))
        return cls(
            camera_id=row.camera_id,
            code=row.code,
            label=row.label,
            insee=row.insee,
            commune=row.commune,
            kind=row.kind,
            status=row.status,
            online=row.online,
            since=row.since,
            watched_by=row.watched_by,
            checked_at=row.checked_at,
            looked_at=row.looked_at,
            look_error=row.look_error or "",
            received_kbps=row.received_kbps,
            clock_offset_s=row.clock_offset_s,
            quality=_quality(health, rules),
            troubles=[TroubleOut.of(trouble) for trouble in troubles],
            ticket_id=health.ticket_id,
        )


class FleetHealth(BaseModel):
    """Counts over all of the caller's communes and a page of cameras; ``next_cursor`` asks for the following one."""

    at: AwareDatetime
    counts: FleetCounts
    items: list[CameraHealthOut]
    next_cursor: str | None = None


class NewView(BaseModel):
    """Why the camera's present view is the right one, in 10 characters or more."""

    reason: str = Field(min_length=10, max_length=500, pattern=r"^[^\x00]*$")


class AvailabilityOut(BaseModel):
    """Seconds: ``followed_s`` = ``available_s`` + ``unavailable_s`` + ``planned_s``. ``rate`` leaves works out."""

    insee: str | None
    commune: str | None
    camera_id: str | None
    label: str
    cameras: int
    followed_s: int
    planned_s: int
    unavailable_s: int
    available_s: int
    rate: float | None


class AvailabilityTable(BaseModel):
    """The availability of a month (Europe/Paris); ``until`` is its end, or now while it lasts."""

    month: str
    until: AwareDatetime
    total: AvailabilityOut
    items: list[AvailabilityOut]


def by_camera(accounts: Iterable[CameraAvailability]) -> list[AvailabilityOut]:
    """Return one row a camera."""
    return [
        _row(one.account, 1, one.label, insee=one.insee, commune=one.commune, camera_id=one.camera_id)
        for one in accounts
    ]


def by_commune(accounts: Iterable[CameraAvailability]) -> list[AvailabilityOut]:
    """Return one row a commune, in the order of their codes."""
    sums: dict[tuple[str, str], tuple[Availability, int]] = {}
    for one in accounts:
        account, number = sums.get((one.insee, one.commune), (Availability(), 0))
        sums[one.insee, one.commune] = (account + one.account, number + 1)
    return [
        _row(account, number, commune, insee=insee, commune=commune)
        for (insee, commune), (account, number) in sorted(sums.items())
    ]


def in_all(accounts: Iterable[CameraAvailability]) -> AvailabilityOut:
    """Return the sum of all."""
    listed = list(accounts)
    return _row(sum((one.account for one in listed), Availability()), len(listed), "Ensemble")


def _row(
    account: Availability,
    number: int,
    label: str,
    *,
    insee: str | None = None,
    commune: str | None = None,
    camera_id: str | None = None,
) -> AvailabilityOut:
    return AvailabilityOut(
        insee=insee,
        commune=commune,
        camera_id=camera_id,
        label=label,
        cameras=number,
        followed_s=account.followed,
        planned_s=account.planned,
        unavailable_s=account.unavailable,
        available_s=account.available,
        rate=account.rate,
    )


def _quality(health: CameraHealth, rules: HealthRules) -> QualityOut | None:
    row = health.row
    if row.quality is None:
        return None
    quality = StreamQuality(**row.quality)
    minimum = minimum_for(CameraKind(row.kind), row.opening_deg, rules)
    return QualityOut(
        codec=quality.codec,
        width=quality.width,
        height=quality.height,
        fps=quality.fps,
        gop_s=quality.gop_s,
        bitrate_kbps=quality.bitrate_kbps,
        minimum=f"{minimum.label} : {minimum.width} x {minimum.height}, {minimum.fps:g} images/s",
        citation=minimum.citation,
        shortfalls=shortfalls(quality, minimum, rules),
    )
