"""When reports are one alarm, which addresses may be searched, what is taken over: pure rules."""

from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv4Network
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_registry.domain.adoption import StreamTold, Told, adopt
from camera_registry.domain.alarm import (
    PRESSES_JOIN_WITHIN,
    Alarm,
    AlarmAlreadyJudged,
    AlarmStatus,
    Origin,
    Signal,
    press,
    weigh,
)
from camera_registry.domain.camera import Camera, Endpoints
from camera_registry.domain.discovery import MOST_ADDRESSES, RangeRefused, addresses_in
from camera_registry.domain.position import Position
from camera_registry.settings import PRIVATE_NETWORKS
from contracts.registry import AlarmKind, AlarmSource, CameraKind, CameraStatus

START = datetime(2026, 7, 14, 20, 0, tzinfo=UTC)
QUIET = timedelta(seconds=10)
ORIGIN = Origin(AlarmSource.CAMERA, "PV-1", "95598", "Place", Position(2.3, 48.99), ("PV-1",))
STEPS = st.lists(
    st.tuples(st.booleans(), st.booleans(), st.integers(0, 30)),
    max_size=40,
)


@given(STEPS, st.booleans())
def test_alarms_of_one_kind_follow_each_other_and_each_is_told_at_most_twice(
    steps: list[tuple[bool, bool, int]],
    lasting: bool,  # noqa: FBT001 - drawn by hypothesis
) -> None:
    now, last, told = START, None, dict[UUID, list[bool]]()
    for active, initial, after in steps:
        now += timedelta(seconds=after)
        signal = Signal(AlarmKind.MOUVEMENT, now, active=active, initial=initial, lasting=lasting)
        outcome = weigh(signal, origin=ORIGIN, last=last, quiet=QUIET, alarm_id=uuid4())
        if outcome.alarm is None:
            assert not outcome.told
            continue
        begins = last is None or outcome.alarm.alarm_id != last.alarm_id
        if begins:
            assert outcome.told
            assert not initial, "the state at the start of a subscription raises nothing"
            assert last is None or (last.ended_at is not None and now - last.last_at >= QUIET)
        if outcome.told:
            told.setdefault(outcome.alarm.alarm_id, []).append(outcome.alarm.ended_at is not None)
        assert outcome.alarm.ended_at is None or outcome.alarm.ended_at >= outcome.alarm.raised_at
        last = outcome.alarm
    assert all(facts in ([False], [False, True], [True]) for facts in told.values())


@given(st.lists(st.integers(0, 200), min_size=1, max_size=30))
def test_presses_of_a_minute_are_one_alarm(pauses: list[int]) -> None:
    now, last, begun = START, None, list[Alarm]()
    for pause in pauses:
        now += timedelta(seconds=pause)
        alarm, new = press(origin=ORIGIN, last=last, at=now, alarm_id=uuid4(), detail="")
        assert new == (last is None or now - last.raised_at >= PRESSES_JOIN_WITHIN)
        begun += [alarm] if new else []
        last = alarm
    assert len({alarm.alarm_id for alarm in begun}) == len(begun)


def test_a_press_after_a_judgement_is_heard_again() -> None:
    alarm, _ = press(origin=ORIGIN, last=None, at=START, alarm_id=uuid4(), detail="")
    judged = alarm.judged(AlarmStatus.ACQUITTEE, by="op", by_name="Op", at=START, note="")
    again = START + timedelta(seconds=5)
    assert press(origin=ORIGIN, last=alarm, at=again, alarm_id=uuid4(), detail="")[1] is False
    assert press(origin=ORIGIN, last=judged, at=again, alarm_id=uuid4(), detail="")[1] is True


def test_an_alarm_is_judged_once() -> None:
    alarm, _ = press(origin=ORIGIN, last=None, at=START, alarm_id=uuid4(), detail="")
    judged = alarm.judged(AlarmStatus.ACQUITTEE, by="op", by_name="Op", at=START, note="")
    with pytest.raises(AlarmAlreadyJudged):
        judged.judged(AlarmStatus.IGNOREE, by="op2", by_name="Op2", at=START, note="")


@pytest.mark.parametrize(
    ("text", "count"),
    [("10.1.2.0/24", 254), ("10.1.2.10-10.1.2.80", 71), ("10.1.2.10-80", 71), ("192.168.1.7, 192.168.1.8", 2)],
)
def test_ranges_as_people_write_them(text: str, count: int) -> None:
    assert len(addresses_in(text, PRIVATE_NETWORKS)) == count


@pytest.mark.parametrize(
    "text",
    [
        "",
        "10.0.0.0/16",
        "8.8.8.8",
        "127.0.0.1",
        "169.254.169.254",
        "10.0.0.9-3",
        "10.0.0.0-10.255.255.255",
        "::1",
        "a-b",
        "10.0.0.0/23,10.1.0.0/23,10.2.0.0/23",
        "10.1.2.3/33",
        "10.1.2.3-300",
        "172.15.255.255-172.16.0.1",
    ],
)
def test_ranges_that_nobody_may_search(text: str) -> None:
    with pytest.raises(RangeRefused):
        addresses_in(text, PRIVATE_NETWORKS)


@given(st.text(alphabet="0123456789./-, ", max_size=40))
def test_whatever_is_typed_stays_within_the_networks_and_the_limit(text: str) -> None:
    allowed = (IPv4Network("10.0.0.0/8"),)
    try:
        found = addresses_in(text, allowed)
    except RangeRefused:
        return
    assert 0 < len(found) <= MOST_ADDRESSES
    assert all(IPv4Address(address) in allowed[0] for address in found)


CAMERA = Camera(
    camera_id="PV-1",
    code="PV-1",
    label="Place",
    insee="95598",
    site_id="S-1",
    kind=CameraKind.PTZ,
    status=CameraStatus.EN_SERVICE,
    position=Position(2.3, 48.99),
    registered_at=START,
    endpoints=Endpoints("rtsp://10.0.0.1/old", None, "http://10.0.0.1/onvif/device_service"),
)
MAIN = StreamTold("H.265", 1920, 1080, 25.0, 2.0, 4000, "rtsp://10.0.0.1/main")
SUB = StreamTold("H.264", 640, 360, 12.0, 1.0, 500, "rtsp://10.0.0.1/sub")
TOLD = Told("Axis", "P3245", "10.12", "ABC", moves=True, streams=(MAIN, SUB))


def test_what_was_chosen_is_taken_over_as_one_revision() -> None:
    after, changed = adopt(CAMERA, TOLD, frozenset({"identite", "flux", "adresses", "pilotage"}))
    assert after.revision == CAMERA.revision + 1
    assert len(changed) == 4
    assert (after.endpoints.main_url, after.endpoints.sub_url) == (MAIN.uri, SUB.uri)
    assert [stream.role for stream in after.equipment.streams] == ["main", "sub"]
    assert adopt(after, TOLD, frozenset({"identite", "flux", "adresses", "pilotage"})) == (after, ())


@given(st.sets(st.sampled_from(["identite", "flux", "adresses", "pilotage", "prepositions"])))
def test_a_device_that_tells_nothing_changes_nothing(choices: set[str]) -> None:
    assert adopt(CAMERA, Told(), frozenset(choices)) == (CAMERA, ())


def test_an_address_that_cannot_be_is_not_taken_over() -> None:
    strange = Told(streams=(StreamTold(None, None, None, None, None, None, "rtsp://u:p@10.0.0.1/x"),))
    assert adopt(CAMERA, strange, frozenset({"adresses"})) == (CAMERA, ())
