"""The life-cycle as a property: whatever is tried, the timeline tells it all and a closed incident stays closed."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import hypothesis.strategies as st
import pytest
from hypothesis import given
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from contracts.access import OrganisationKind
from contracts.dispatch import DispatchChanged, DispatchStatus
from contracts.incident import IncidentStatus as S
from contracts.incident import IncidentTransitioned, IncidentTransmitted, Priority
from incident.domain import Author, Declaration, EntryKind, Incident, Origin, incident_number, number_year
from incident.errors import (
    FieldRefused,
    IncidentAlreadyClosed,
    IncidentChangedMeanwhile,
    IncidentRule,
    TransitionNotAllowed,
)
from incident.life_cycle import ALLOWED_AFTER, STEPS_OF_TRANSMISSION

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
OPERATOR = Author("op.durand", "Op Durand")
DISPATCH_IDS = [UUID(int=number) for number in range(1, 4)]


def a_declaration(**changes: object) -> Declaration:
    values: dict[str, object] = {
        "code": "atteintes_personnes.rixe",
        "title": "Rixe",
        "priority": Priority.P1,
        "insee": "95598",
        "commune": "Soisy-sous-Montmorency",
        "camera_ids": ("PV-95598-0001-P1",),
        "address": "12 avenue du Général-de-Gaulle",
        "lon": 2.3,
        "lat": 48.98,
        "origin": Origin.RONDE,
        "facts": "Rixe devant la gare",
        "detected_at": NOW,
    }
    return Declaration(**(values | changes))  # pyright: ignore[reportArgumentType]


def an_incident(status: S = S.NOUVEAU) -> Incident:
    opened = Incident.open(
        incident_id=uuid4(), number="2026-95598-000001", declaration=a_declaration(), at=NOW, by=OPERATOR
    )
    ways = {
        S.NOUVEAU: [],
        S.LEVEE_DE_DOUTE: [S.LEVEE_DE_DOUTE],
        S.INFONDE: [S.LEVEE_DE_DOUTE, S.INFONDE],
        S.QUALIFIE: [S.LEVEE_DE_DOUTE, S.QUALIFIE],
    }
    ways[S.TRANSMIS] = [*ways[S.QUALIFIE], S.TRANSMIS]
    ways[S.PRIS_EN_CHARGE] = [*ways[S.TRANSMIS], S.PRIS_EN_CHARGE]
    ways[S.SUR_PLACE] = [*ways[S.PRIS_EN_CHARGE], S.SUR_PLACE]
    ways[S.CLOS] = [*ways[S.SUR_PLACE], S.CLOS]
    ways[S.ROUVERT] = [*ways[S.CLOS], S.ROUVERT]
    for step in ways[status]:
        opened = opened.transition(step, at=NOW, by=OPERATOR, note="")
    return opened


def a_change(
    incident: Incident,
    status: DispatchStatus,
    *,
    seconds: int = 0,
    dispatch_id: UUID = DISPATCH_IDS[0],
    partner_kind: OrganisationKind | None = OrganisationKind.POLICE_NATIONALE,
) -> DispatchChanged:
    return DispatchChanged(
        dispatch_id=dispatch_id,
        incident_id=incident.incident_id,
        incident_number=incident.number,
        insee="95598",
        partner_id="pn-enghien",
        partner_name="Commissariat d'Enghien",
        partner_kind=partner_kind,
        status=status,
        at=NOW + timedelta(seconds=seconds),
        detail="détail",
    )


class LifeCycle(RuleBasedStateMachine):
    """Anybody tries anything in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.incident = an_incident()
        self.path = [S.NOUVEAU]
        self.at = NOW

    def _tick(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at

    def _moved(self, incident: Incident) -> None:
        moves = incident.changes.entries[len(self.incident.changes.entries) :]
        self.path += [entry.after for entry in moves if entry.kind is EntryKind.TRANSITION and entry.after]
        self.incident = incident

    @rule(to=st.sampled_from(list(S)), note=st.text(max_size=20))
    def transition(self, to: S, note: str) -> None:
        before = self.incident.status
        try:
            self._moved(self.incident.transition(to, at=self._tick(), by=OPERATOR, note=note))
        except IncidentRule:
            assert to not in ALLOWED_AFTER[before]
        else:
            assert to in ALLOWED_AFTER[before]
            assert self.incident.status is to

    @rule()
    def transmit(self) -> None:
        before = self.incident.status
        try:
            sent = self.incident.transmit(
                ("pn-enghien",), "Rixe en cours", transmission_id=uuid4(), at=self._tick(), by=OPERATOR
            )
        except IncidentRule:
            assert before in {S.CLOS, S.INFONDE}
        else:
            self._moved(sent)
            assert isinstance(sent.changes.events[-1], IncidentTransmitted)

    @rule(status=st.sampled_from(list(DispatchStatus)), dispatch_id=st.sampled_from(DISPATCH_IDS))
    def hear_of_dispatch(self, status: DispatchStatus, dispatch_id: UUID) -> None:
        before = self.incident.status
        self._moved(self.incident.follow_dispatch(a_change(self.incident, status, dispatch_id=dispatch_id)))
        if status is DispatchStatus.ACCUSE and before is S.TRANSMIS:
            assert self.incident.status is S.PRIS_EN_CHARGE
        else:
            assert self.incident.status is before

    @invariant()
    def a_closed_incident_only_reopens(self) -> None:
        following = [after for before, after in zip(self.path, self.path[1:], strict=False) if before is S.CLOS]
        assert set(following) <= {S.ROUVERT}

    @invariant()
    def closing_time_and_status_agree(self) -> None:
        assert (self.incident.closed_at is not None) == (self.incident.status is S.CLOS)

    @invariant()
    def the_timeline_tells_every_step(self) -> None:
        entries = self.incident.changes.entries
        assert [entry.seq for entry in entries] == list(range(1, self.incident.entry_count + 1))
        steps = [entry for entry in entries if entry.kind is EntryKind.TRANSITION]
        events = [event for event in self.incident.changes.events if isinstance(event, IncidentTransitioned)]
        assert [(step.before, step.after) for step in steps] == [(event.before, event.after) for event in events]
        status = S.NOUVEAU
        for step in steps:
            assert step.before is status
            assert step.after is not None
            status = step.after
        assert status is self.incident.status


TestLifeCycle = LifeCycle.TestCase


def test_the_straight_way_of_the_domain_page_is_allowed() -> None:
    assert an_incident(S.CLOS).status is S.CLOS
    assert an_incident(S.INFONDE).transition(S.CLOS, at=NOW, by=OPERATOR, note="").status is S.CLOS


def test_every_status_has_its_line_in_the_table() -> None:
    assert set(ALLOWED_AFTER) == set(S)
    assert ALLOWED_AFTER[S.CLOS] == {S.ROUVERT}


def test_a_closed_incident_names_when_it_was_closed() -> None:
    closed = an_incident(S.CLOS)
    with pytest.raises(IncidentAlreadyClosed) as refused:
        closed.transition(S.SUR_PLACE, at=NOW, by=OPERATOR, note="")
    assert refused.value.closed_at == NOW
    assert refused.value.incident_id == closed.incident_id


def test_a_step_too_far_says_which_steps_there_are() -> None:
    with pytest.raises(TransitionNotAllowed) as refused:
        an_incident().transition(S.CLOS, at=NOW, by=OPERATOR, note="")
    assert refused.value.allowed == {S.LEVEE_DE_DOUTE}


@pytest.mark.parametrize("status", [S.NOUVEAU, S.LEVEE_DE_DOUTE, S.QUALIFIE, S.ROUVERT])
def test_transmission_writes_the_steps_it_implies(status: S) -> None:
    incident = an_incident(status)
    known = len(incident.changes.entries)
    sent = incident.transmit(("sdis-95",), "Rixe", transmission_id=uuid4(), at=NOW, by=OPERATOR)
    implied = [e.after for e in sent.changes.entries[known:] if e.kind is EntryKind.TRANSITION]
    assert tuple(implied) == STEPS_OF_TRANSMISSION[status]
    assert sent.status is S.TRANSMIS


@pytest.mark.parametrize("status", [S.TRANSMIS, S.PRIS_EN_CHARGE, S.SUR_PLACE])
def test_more_partners_can_be_warned_later_without_going_back(status: S) -> None:
    sent = an_incident(status).transmit(("sdis-95",), "Renfort", transmission_id=uuid4(), at=NOW, by=OPERATOR)
    assert sent.status is status
    assert isinstance(sent.changes.events[-1], IncidentTransmitted)


@pytest.mark.parametrize("status", [S.CLOS, S.INFONDE])
def test_nobody_is_sent_to_a_closed_or_baseless_incident(status: S) -> None:
    with pytest.raises(IncidentRule):
        an_incident(status).transmit(("sdis-95",), "Rixe", transmission_id=uuid4(), at=NOW, by=OPERATOR)


def test_news_of_a_dispatch_may_come_in_any_order() -> None:
    sent = an_incident(S.TRANSMIS)
    news = [
        a_change(sent, DispatchStatus.ACCUSE, seconds=9),
        a_change(sent, DispatchStatus.TRANSMIS, seconds=5),
        a_change(sent, DispatchStatus.DEMANDE, seconds=1),
    ]
    for change in news:
        sent = sent.follow_dispatch(change)
    assert [told.status for told in sent.dispatches] == [DispatchStatus.ACCUSE]
    assert sent.status is S.PRIS_EN_CHARGE
    assert sum(entry.kind is EntryKind.DISPATCH for entry in sent.changes.entries) == 3


def test_an_association_takes_nothing_in_charge() -> None:
    red_cross = a_change(an_incident(), DispatchStatus.ACCUSE, partner_kind=OrganisationKind.ASSOCIATION)
    told = an_incident(S.TRANSMIS).follow_dispatch(red_cross)
    assert told.status is S.TRANSMIS
    assert [dispatch.status for dispatch in told.dispatches] == [DispatchStatus.ACCUSE]
    assert told.changes.entries[-1].kind is EntryKind.DISPATCH
    police = a_change(told, DispatchStatus.ACCUSE, dispatch_id=DISPATCH_IDS[1])
    assert told.follow_dispatch(police).status is S.PRIS_EN_CHARGE


def test_a_second_acknowledgement_moves_nothing() -> None:
    sent = an_incident(S.TRANSMIS).follow_dispatch(a_change(an_incident(), DispatchStatus.ACCUSE))
    on_site = sent.transition(S.SUR_PLACE, at=NOW, by=OPERATOR, note="")
    again = on_site.follow_dispatch(a_change(sent, DispatchStatus.ACCUSE, dispatch_id=DISPATCH_IDS[1]))
    assert again.status is S.SUR_PLACE


def test_a_decision_on_an_older_version_is_refused() -> None:
    with pytest.raises(IncidentChangedMeanwhile):
        an_incident().expect_version(3)


@pytest.mark.parametrize("offset", [timedelta(minutes=3), timedelta(days=-367)])
def test_an_incident_is_not_detected_in_the_future_nor_ages_ago(offset: timedelta) -> None:
    with pytest.raises(FieldRefused):
        Incident.open(
            incident_id=uuid4(), number="n", declaration=a_declaration(detected_at=NOW + offset), at=NOW, by=OPERATOR
        )


def test_half_a_position_is_refused() -> None:
    with pytest.raises(FieldRefused):
        Incident.open(incident_id=uuid4(), number="n", declaration=a_declaration(lat=None), at=NOW, by=OPERATOR)


def test_the_year_of_a_number_is_that_of_paris() -> None:
    assert number_year(datetime(2026, 12, 31, 22, 59, tzinfo=UTC)) == 2026
    assert number_year(datetime(2026, 12, 31, 23, 0, tzinfo=UTC)) == 2027
    assert number_year(datetime(2026, 7, 1, 0, 0, tzinfo=UTC)) == 2026


@given(sequence=st.integers(min_value=1, max_value=999_999), year=st.integers(2000, 2100))
def test_a_number_reads_year_commune_sequence(sequence: int, year: int) -> None:
    number = incident_number(year=year, insee="2A004", sequence=sequence)
    assert number.split("-") == [str(year), "2A004", f"{sequence:06d}"]
    assert len(number) == 17


@pytest.mark.parametrize("sequence", [0, 1_000_000, -1])
def test_a_sequence_that_does_not_fit_is_refused(sequence: int) -> None:
    with pytest.raises(ValueError, match="no incident number"):
        incident_number(year=2026, insee="95598", sequence=sequence)
