"""Partners and dispatches as rules: nothing is sent that must not be, no failure is silent, an ack stands."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import uuid4

import hypothesis.strategies as st
import pytest
from hypothesis import given
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from contracts.access import OrganisationKind
from contracts.dispatch import DispatchStatus as S
from contracts.incident import IncidentTransmitted, Priority
from dispatch.domain import Acknowledgement, Dispatch, Partner, RetryPolicy
from dispatch.errors import DispatchNotFailed, FieldRefused
from dispatch.webhook import body_of

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
RETRIES = RetryPolicy(3, timedelta(seconds=1), timedelta(seconds=30))
ACK = Acknowledgement(NOW, "Brigadier Dupont", "PN-42")


def a_partner(**changes: object) -> Partner:
    values: dict[str, object] = {
        "partner_id": "pn-enghien",
        "name": "Commissariat d'Enghien",
        "kind": OrganisationKind.POLICE_NATIONALE,
        "organisation_id": "pn-enghien",
        "communes": frozenset({"95598"}),
        "webhook_url": "https://partenaire.example/hook",
    }
    return Partner(**(values | changes))  # pyright: ignore[reportArgumentType]


def a_transmission(**changes: object) -> IncidentTransmitted:
    values: dict[str, object] = {
        "incident_id": uuid4(),
        "number": "2026-95598-000001",
        "insee": "95598",
        "code": "atteintes_personnes.rixe",
        "title": "Rixe",
        "priority": Priority.P1,
        "address": "Place de la gare",
        "lon": 2.3,
        "lat": 48.98,
        "message": "Rixe en cours, quatre personnes",
        "partner_ids": ("pn-enghien",),
        "transmission_id": uuid4(),
        "at": NOW,
        "by": "op.durand",
    }
    return IncidentTransmitted.model_validate(values | changes)


def asked(partner: Partner | None = None, changes: dict[str, object] | None = None) -> Dispatch:
    return Dispatch.ask(
        a_transmission(**(changes or {})), partner_id="pn-enghien", partner=partner or a_partner(), dispatch_id=uuid4()
    )


class Deliveries(RuleBasedStateMachine):
    """Attempts, answers, acknowledgements and retries in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.dispatch = asked()
        self.at = NOW
        self.was_acknowledged = False

    def _tick(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at

    @rule()
    @precondition(lambda self: self.dispatch.status is S.DEMANDE)
    def an_attempt_fails(self) -> None:
        tried = replace(self.dispatch, attempts=self.dispatch.attempts + 1)
        self.dispatch = tried.delivery_failed("503", at=self._tick(), retries=RETRIES)

    @rule()
    def a_late_failure_is_told(self) -> None:
        self.dispatch = self.dispatch.delivery_failed("503", at=self._tick(), retries=RETRIES)

    @rule()
    def it_is_delivered(self) -> None:
        self.dispatch = self.dispatch.delivered(at=self._tick())

    @rule(reference=st.sampled_from(["", "A", "B"]))
    def it_is_acknowledged(self, reference: str) -> None:
        said = Acknowledgement(self._tick(), "Quelqu'un", reference)
        before = self.dispatch
        self.dispatch = before.acknowledge(said, at=self.at)
        assert self.dispatch == before or not self.was_acknowledged
        self.was_acknowledged = True

    @rule()
    def somebody_retries(self) -> None:
        failed = self.dispatch.status is S.ECHEC
        try:
            self.dispatch = self.dispatch.retry(a_partner(), at=self._tick())
        except DispatchNotFailed:
            assert not failed
        else:
            assert failed
            assert self.dispatch.attempts == 0

    @invariant()
    def an_acknowledgement_is_never_taken_back(self) -> None:
        assert (self.dispatch.status is S.ACCUSE) == self.was_acknowledged

    @invariant()
    def exactly_what_is_due_will_be_tried(self) -> None:
        assert (self.dispatch.next_attempt_at is not None) == (self.dispatch.status is S.DEMANDE)

    @invariant()
    def every_status_was_said(self) -> None:
        said = [event.status for event in self.dispatch.events]
        assert said[0] is S.DEMANDE
        assert said[-1] is self.dispatch.status
        assert all(before is not after for before, after in pairwise(said))


TestDeliveries = Deliveries.TestCase


@pytest.mark.parametrize(
    ("kind", "images"),
    [
        (OrganisationKind.POLICE_NATIONALE, True),
        (OrganisationKind.GENDARMERIE, True),
        (OrganisationKind.DOUANES, True),
        (OrganisationKind.SDIS, True),
        (OrganisationKind.POLICE_MUNICIPALE, True),
        (OrganisationKind.ASSOCIATION, False),
        (OrganisationKind.COLLECTIVITE, False),
    ],
)
def test_the_recipients_of_images_are_a_closed_list(kind: OrganisationKind, images: bool) -> None:  # noqa: FBT001
    assert a_partner(kind=kind).receives_images is images


def test_nobody_can_write_that_an_association_receives_images() -> None:
    assert "receives_images" not in {field.name for field in fields(Partner)}
    with pytest.raises((AttributeError, TypeError)):
        setattr(a_partner(kind=OrganisationKind.ASSOCIATION), "receives_images", True)  # noqa: B010


@pytest.mark.parametrize("changes", [{"kind": OrganisationKind.AUTORITE}, {"communes": frozenset[str]()}])
def test_who_cannot_be_a_partner(changes: dict[str, object]) -> None:
    with pytest.raises(FieldRefused):
        a_partner(**changes)


def test_an_unknown_partner_is_a_visible_failure() -> None:
    dispatch = Dispatch.ask(a_transmission(), partner_id="personne", partner=None, dispatch_id=uuid4())
    assert dispatch.status is S.ECHEC
    assert [event.status for event in dispatch.events] == [S.ECHEC]
    assert "inconnu" in dispatch.detail


def test_a_partner_of_elsewhere_is_not_told() -> None:
    dispatch = asked(a_partner(communes=frozenset({"95210"})))
    assert dispatch.status is S.ECHEC
    assert dispatch.next_attempt_at is None


@pytest.mark.parametrize("changes", [{"message": "voir https://vigie/cam"}, {"address": "www.carte.fr"}])
def test_a_message_with_a_link_never_leaves(changes: dict[str, object]) -> None:
    dispatch = asked(changes=changes)
    assert dispatch.status is S.ECHEC
    assert dispatch.retry(a_partner(), at=NOW).status is S.ECHEC


def test_a_partner_may_acknowledge_before_we_know_it_was_delivered() -> None:
    dispatch = asked().acknowledge(ACK, at=NOW).delivered(at=NOW + timedelta(seconds=1))
    assert dispatch.status is S.ACCUSE
    assert dispatch.transmitted_at == NOW + timedelta(seconds=1)
    assert [event.status for event in dispatch.events] == [S.DEMANDE, S.ACCUSE]


def test_the_last_attempt_gives_up_and_says_why() -> None:
    dispatch = asked()
    for attempt in (1, 2, 3):
        dispatch = replace(dispatch, attempts=attempt).delivery_failed("réponse 503", at=NOW, retries=RETRIES)
    assert dispatch.status is S.ECHEC
    assert "3 tentatives" in dispatch.detail
    assert "réponse 503" in dispatch.detail


def test_an_acknowledgement_from_the_future_is_refused() -> None:
    with pytest.raises(FieldRefused):
        asked().acknowledge(replace(ACK, acknowledged_at=NOW + timedelta(minutes=6)), at=NOW)


@given(attempts=st.integers(1, 10_000))
def test_waits_double_up_to_a_limit(attempts: int) -> None:
    wait = RETRIES.next_after(attempts)
    assert RETRIES.first_after <= wait <= RETRIES.longest_after
    assert wait <= RETRIES.next_after(attempts + 1)


def test_the_body_is_text_and_a_position() -> None:
    body = body_of(asked())
    assert set(body) == {"type", "timestamp", "data"}
    told = {"dispatch_id", "incident_number", "insee", "code", "title", "priority"}
    assert set(body["data"]) == told | {"address", "lon", "lat", "message"}
    assert "://" not in str(body)
