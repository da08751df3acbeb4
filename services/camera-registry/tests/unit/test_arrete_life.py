"""The terms of an arrêté over time: to the microsecond, its warnings, its renewal, who takes over."""

import hashlib
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_registry.domain.authorisation import (
    Authorisation,
    AuthorisationInvalid,
    Finalite,
    ResponsiblePerson,
    coverage,
    followers,
    places,
)
from camera_registry.domain.camera import Camera
from camera_registry.domain.commune import Commune
from camera_registry.domain.expiry import THRESHOLDS, reached, warnings_to_tell
from camera_registry.domain.position import Area, Position
from camera_registry.domain.renewal import (
    NEXT,
    Renewal,
    RenewalInvalid,
    RenewalState,
    Step,
    check_successor,
    due_at,
    gap,
    overdue,
)
from camera_registry.domain.scan import MAX_SCAN_BYTES, ScanInvalid, checked_digest, safe_filename
from camera_registry.repository.cameras import state_of
from contracts.access import OrganisationKind
from contracts.registry import CameraKind, CameraStatus, OperatingMode

SOISY = "95598"
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
CENTRE = Position(2.2996, 48.9876)
CONTOURS = {SOISY: Area.disc(CENTRE, 2000)}
MICROSECOND = timedelta(microseconds=1)
MICROSECONDS = st.integers(-3, 3).map(lambda count: count * MICROSECOND)
DAYS = st.integers(1, 400).map(lambda days: timedelta(days=days))


def camera(camera_id: str = "C-1", **changes: Any) -> Camera:
    values: dict[str, Any] = {
        "camera_id": camera_id,
        "code": camera_id,
        "label": "Caméra",
        "insee": SOISY,
        "site_id": "S-1",
        "kind": CameraKind.FIXE,
        "status": CameraStatus.EN_SERVICE,
        "position": CENTRE,
        "registered_at": NOON,
    } | changes
    return Camera(**values)


def arrete(authorisation_id: str = "A-1", **changes: Any) -> Authorisation:
    values: dict[str, Any] = {
        "authorisation_id": authorisation_id,
        "arrete_number": "2026-1",
        "valid_from": NOON,
        "valid_until": NOON + timedelta(days=365),
        "communes": (SOISY,),
        "camera_count": 10,
        "finalites": (Finalite.SECURITE_PERSONNES_BIENS,),
        "recipients": (OrganisationKind.POLICE_NATIONALE,),
        "retention_days": 14,
        "mode": OperatingMode.DIRECT,
    } | changes
    return Authorisation(**values)


def step(state: RenewalState) -> Step:
    return Step(state, date(2026, 6, 1), NOON, "admin.vigie")


@given(edge=st.sampled_from(["from", "until"]), off=MICROSECONDS)
def test_the_gate_is_half_open_to_the_microsecond(edge: str, off: timedelta) -> None:
    one = arrete()
    at = (one.valid_from if edge == "from" else one.valid_until) + off
    inside = one.valid_from <= at < one.valid_until
    assert one.valid_at(at) == inside
    assert coverage([camera()], [one], CONTOURS, at)["C-1"] is one  # who decides judges the dates of what is published


@given(
    count=st.integers(1, 5),
    following_count=st.integers(1, 5),
    cameras=st.integers(1, 6),
    lead=st.integers(-5, 5).map(lambda days: timedelta(days=days)),
    off=MICROSECONDS,
)
def test_whoever_judges_by_the_published_state_changes_over_at_the_very_instant(
    count: int, following_count: int, cameras: int, lead: timedelta, off: timedelta
) -> None:
    old = arrete("A-1", camera_count=count)
    new = arrete(
        "A-2",
        camera_count=following_count,
        valid_from=old.valid_until + lead,
        valid_until=old.valid_until + timedelta(days=900),
    )
    fleet = [camera(f"C-{number}", registered_at=NOON + timedelta(days=number)) for number in range(cameras)]
    published = NOON + timedelta(days=300)
    shown = coverage(fleet, [old, new], CONTOURS, published)
    following = followers(fleet, [old, new], CONTOURS, published)
    at = old.valid_until + off
    held_old, held_new = places(old, fleet, CONTOURS), places(new, fleet, CONTOURS)
    commune = Commune(SOISY, "Soisy", CONTOURS[SOISY])
    for one in fleet:
        camera_id = one.camera_id
        judged = state_of(one, commune, shown[camera_id], following.get(camera_id)).authorisation_at(at)
        seen = judged is not None and judged.valid_from <= at < judged.valid_until
        lawful = (camera_id in held_old and old.valid_at(at)) or (camera_id in held_new and new.valid_at(at))
        assert lawful or not seen  # never more than the law gives
        if camera_id in held_old and lead <= timedelta(0):
            assert seen == lawful  # and nothing less for who was covered


def test_without_a_gap_nobody_waits_for_anything() -> None:
    old = arrete("A-1")
    new = arrete("A-2", valid_from=old.valid_until, valid_until=old.valid_until + timedelta(days=900), retention_days=7)
    one = camera()
    now = old.valid_until - timedelta(days=10)
    following = followers([one], [old, new], CONTOURS, now)
    state = state_of(one, Commune(SOISY, "Soisy", CONTOURS[SOISY]), old, following["C-1"])
    for at, expected in ((old.valid_until - MICROSECOND, "A-1"), (old.valid_until, "A-2")):
        judged = state.authorisation_at(at)
        assert judged is not None
        assert judged.authorisation_id == expected


@given(
    looks=st.lists(st.integers(-400, 10), min_size=1, max_size=20, unique=True).map(sorted),
    known=st.integers(-420, -1),
)
def test_each_threshold_is_told_once_and_none_is_forgotten_however_rarely_one_looks(
    looks: list[int], known: int
) -> None:
    end = NOON
    known_since = end + timedelta(days=known)
    told: list[int] = []
    for day in looks:
        at = end + timedelta(days=day)
        if at >= known_since:
            told += warnings_to_tell(end, known_since=known_since, at=at, told=told)
    last = end + timedelta(days=looks[-1])
    assert told == sorted(set(told), reverse=True)
    if last >= known_since:
        stale = reached(end, known_since)[:-1]
        assert told == [days for days in THRESHOLDS if end - timedelta(days=days) <= last and days not in stale]


@pytest.mark.parametrize("days", THRESHOLDS)
def test_a_threshold_is_reached_to_the_microsecond(days: int) -> None:
    instant = NOON - timedelta(days=days)
    assert days in reached(NOON, instant)
    assert days not in reached(NOON, instant - MICROSECOND)


@given(least=st.integers(-5, 40), most=st.integers(-5, 40))
def test_the_minimum_never_passes_the_maximum_nor_that_the_month(least: int, most: int) -> None:
    if 1 <= least <= most <= 30:
        assert arrete(retention_days=most, retention_min_days=least).retention_min_days == least
    else:
        with pytest.raises(AuthorisationInvalid, match="conservation"):
            arrete(retention_days=most, retention_min_days=least)


def test_a_change_is_a_revision_and_no_change_is_none() -> None:
    one = arrete()
    assert one.changed(retention_days=14) is one
    after = one.changed(retention_days=7, verbalisation=True, partner_watermark=True)
    assert (after.retention_days, after.verbalisation, after.partner_watermark, after.revision) == (7, True, True, 1)
    with pytest.raises(AuthorisationInvalid, match="fenêtre"):
        one.changed(mode=OperatingMode.EVENEMENT)


@pytest.mark.parametrize("missing", ["name", "function", "contact"])
def test_a_responsible_person_is_told_whole(missing: str) -> None:
    told = {"name": "A. Martin", "function": "Maire", "contact": "mairie@example.org"} | {missing: " "}
    with pytest.raises(AuthorisationInvalid) as refused:
        arrete(responsible=ResponsiblePerson(**told))
    assert refused.value.field == f"responsible.{missing}"


@given(path=st.lists(st.sampled_from(list(RenewalState)), max_size=8))
def test_a_renewal_file_only_goes_where_it_may(path: list[RenewalState]) -> None:
    file = Renewal("A-1")
    new = arrete("A-2", valid_until=NOON + timedelta(days=1000))
    for state in path:
        successor = new if state is RenewalState.ACCORDEE else None
        if state in NEXT[file.state]:
            after = file.entering(state, step(state), successor)
            assert (after.state, after.revision, len(after.steps)) == (state, file.revision + 1, len(file.steps) + 1)
            assert (after.successor_id is not None) == (state is RenewalState.ACCORDEE)
            file = after
        else:
            with pytest.raises(RenewalInvalid):
                file.entering(state, step(state), successor)


def test_a_granted_file_names_the_new_arrete_and_only_then() -> None:
    file = Renewal("A-1", state=RenewalState.COMPLETE)
    with pytest.raises(RenewalInvalid, match="nouvel arrêté"):
        file.entering(RenewalState.ACCORDEE, step(RenewalState.ACCORDEE))
    with pytest.raises(RenewalInvalid, match="nouvel arrêté"):
        file.entering(RenewalState.REFUSEE, step(RenewalState.REFUSEE), arrete("A-2"))


@given(off=MICROSECONDS, state=st.sampled_from(list(RenewalState)))
def test_the_file_is_due_at_120_days(off: timedelta, state: RenewalState) -> None:
    one = arrete()
    at = due_at(one) + off
    assert due_at(one) == one.valid_until - timedelta(days=120)
    handed_in = state in {RenewalState.DEPOSEE, RenewalState.COMPLETE, RenewalState.ACCORDEE}
    assert overdue(one, Renewal("A-1", state=state), at) == (off >= timedelta(0) and not handed_in)
    assert overdue(one, None, at) == (off >= timedelta(0))


@given(lead=st.integers(-400, 400).map(lambda hours: timedelta(hours=hours)))
def test_the_gap_between_two_arretes(lead: timedelta) -> None:
    old = arrete("A-1")
    new = arrete("A-2", valid_from=old.valid_until + lead, valid_until=old.valid_until + timedelta(days=500))
    check_successor(old, new)
    assert gap(old, new) == max(lead, timedelta(0))


@pytest.mark.parametrize(
    "changes",
    [{"authorisation_id": "A-1"}, {"communes": ("95210",)}, {"valid_until": NOON + timedelta(days=365)}],
)
def test_what_cannot_take_over(changes: dict[str, Any]) -> None:
    terms: dict[str, Any] = {"authorisation_id": "A-2", "valid_until": NOON + timedelta(days=1000)}
    new = arrete(**(terms | changes))
    with pytest.raises(RenewalInvalid):
        check_successor(arrete(), new)


PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def test_a_pdf_is_known_by_its_bytes_and_its_digest_is_ours() -> None:
    assert checked_digest(PDF) == hashlib.sha256(PDF).hexdigest()
    for content, words in (
        (b"", "n'est pas un PDF"),
        (b"PK\x03\x04" + PDF, "n'est pas un PDF"),
        (b"%PDF-9.9 %%EOF", "n'est pas un PDF"),
        (PDF[:20], "incomplet"),
        (PDF + b" " * MAX_SCAN_BYTES, "20 Mo"),
    ):
        with pytest.raises(ScanInvalid, match=words):
            checked_digest(content)
    assert len(checked_digest(PDF[:9] + b" " * (MAX_SCAN_BYTES - len(PDF)) + PDF[9:])) == 64


@given(name=st.none() | st.text(max_size=300))
def test_a_file_name_is_harmless(name: str | None) -> None:
    safe = safe_filename(name)
    assert safe.endswith(".pdf")
    assert len(safe) <= 124
    assert safe.isprintable()
    assert not set(safe) & set('/\\"<>:|?*;')
    assert safe_filename(safe) == safe


@pytest.mark.parametrize("year", [1, 1994, 2201, 9999])
def test_a_slip_in_the_year_is_refused_and_breaks_nothing(year: int) -> None:
    with pytest.raises(AuthorisationInvalid, match="vérifiez l'année"):
        arrete(valid_from=NOON.replace(year=year), valid_until=NOON.replace(year=year, month=12))
