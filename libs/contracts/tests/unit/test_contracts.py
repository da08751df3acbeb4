"""The public language holds together: envelopes, subjects, catalogue, and the enums the policy mirrors."""

import importlib
import json
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

import policy
from contracts import access, registry
from contracts.access import AgentChanged, Role
from contracts.catalogue import FACTS
from contracts.envelope import Envelope, make_envelope
from contracts.streams import STREAM_OF_OWNER, STREAMS

OWNERS = ("access", "dispatch", "incident", "registry", "retention", "rondes", "stream")
AT = datetime(2026, 11, 22, tzinfo=UTC)


def an_envelope(insee: str = "95598") -> Envelope:
    payload = AgentChanged(agent_id="op.durand", role=Role.OPERATEUR, active=True)
    return make_envelope(
        payload,
        event_id=UUID(int=1),
        owner="access",
        fact="agent_changed",
        source="access",
        aggregate="agent:op.durand",
        insee=insee,
        at=AT,
    )


@given(st.one_of(st.from_regex(r"\A\d{5}\Z"), st.from_regex(r"\A2[AB]\d{3}\Z")))
def test_an_envelope_survives_its_own_json_and_names_its_commune_in_the_subject(insee: str) -> None:
    envelope = an_envelope(insee)
    assert Envelope.model_validate_json(envelope.model_dump_json()) == envelope
    assert envelope.nats_subject == f"vigie.{insee}.access.agent_changed.v1"


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("specversion", "0.3"),
        ("type", "vigie.access.>.v1"),
        ("type", "other.access.agent_changed.v1"),
        ("insee", "95*98"),
        ("time", "2026-11-22T00:00:00"),
        ("id", "not-a-uuid"),
        ("surplus", "x"),
    ],
)
def test_a_malformed_envelope_is_refused(attribute: str, value: str) -> None:
    document = {**json.loads(an_envelope().model_dump_json()), attribute: value}
    with pytest.raises(ValidationError):
        Envelope.model_validate(document)


def test_every_fact_constant_is_in_the_catalogue_and_has_a_stream() -> None:
    constants = {
        value
        for name in OWNERS
        for key, value in vars(importlib.import_module(f"contracts.{name}")).items()
        if key.startswith("FACT_")
    }
    assert constants == {fact.name for fact in FACTS}
    assert {fact.owner for fact in FACTS} <= set(STREAM_OF_OWNER)
    assert len({spec.name for spec in STREAMS}) == len(STREAMS)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (access.Role, policy.Role),
        (access.OrganisationKind, policy.OrganisationKind),
        (registry.CameraStatus, policy.CameraStatus),
        (registry.OperatingMode, policy.OperatingMode),
    ],
)
def test_policy_and_contracts_speak_of_the_same_words(ours: type[StrEnum], theirs: type[StrEnum]) -> None:
    assert {member.value for member in ours} == {member.value for member in theirs}


def test_an_older_reader_understands_a_newer_writer() -> None:
    newer = {"agent_id": "op.durand", "role": "operateur", "active": False, "said_since": "a later version"}
    assert AgentChanged.model_validate(newer) == AgentChanged(agent_id="op.durand", role=Role.OPERATEUR, active=False)
