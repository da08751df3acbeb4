"""The table of alarms: every kind has its line, the town chooses street kinds, texts fit the main courante."""

from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from contracts.incident import Priority
from contracts.registry import AlarmKind, AlarmRaised, AlarmSource
from incident.alarm_rules import author_of, declaration_of, shipped_rules
from incident.domain import Incident
from incident.wording import ADDRESS_LENGTH, FACTS_LENGTH, readable_text

NOW = datetime(2026, 7, 14, 22, 0, tzinfo=UTC)
STREET = {AlarmKind.MOUVEMENT, AlarmKind.FRANCHISSEMENT, AlarmKind.SABOTAGE, AlarmKind.ENTREE_CONTACT}


def test_every_kind_has_a_rule_and_the_priorities_of_the_domain() -> None:
    rules = shipped_rules()
    assert set(rules) == set(AlarmKind)
    assert rules[AlarmKind.BOUTON_ALERTE].entry.priority is Priority.P1
    assert rules[AlarmKind.MASQUE_DEFAILLANT].entry.priority is Priority.P1
    assert rules[AlarmKind.CAMERA_HS].entry.priority is Priority.P3
    assert {kind for kind in STREET if rules[kind].opens} == {AlarmKind.SABOTAGE}


@given(st.sets(st.sampled_from(sorted(STREET))))
def test_the_town_chooses_street_kinds_and_nothing_else(chosen: set[AlarmKind]) -> None:
    rules, shipped = shipped_rules(chosen), shipped_rules()
    assert {kind for kind in STREET if rules[kind].opens} == chosen
    assert all(rules[kind] == shipped[kind] for kind in AlarmKind if kind not in STREET)


@given(
    label=st.text(max_size=400),
    detail=st.text(max_size=5000),
    kind=st.sampled_from(AlarmKind),
    place=st.tuples(st.none() | st.floats(-180, 180), st.none() | st.floats(-90, 90)),
)
def test_whatever_the_registry_says_an_incident_can_be_opened(
    label: str, detail: str, kind: AlarmKind, place: tuple[float | None, float | None]
) -> None:
    alarm = AlarmRaised(
        alarm_id=UUID(int=1),
        source=AlarmSource.CAMERA,
        source_id="PV-1",
        kind=kind,
        camera_ids=("PV-1",),
        insee="95598",
        label=label,
        lon=place[0],
        lat=place[1],
        raised_at=NOW,
        detail=detail,
    )
    declaration = declaration_of(alarm, shipped_rules()[kind], "Soisy", NOW)
    opened = Incident.open(
        incident_id=UUID(int=2), number="2026-95598-000001", declaration=declaration, at=NOW, by=author_of(alarm)
    )
    assert readable_text("facts", opened.declaration.facts, FACTS_LENGTH)
    assert readable_text("address", opened.declaration.address, ADDRESS_LENGTH)
