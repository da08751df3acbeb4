"""Webhook secrets: derived the same on both sides, sealed at rest, bound to their partner."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import partner_simulator.signatures as simulator
from common.auth import ServiceKey
from dispatch import signatures
from dispatch.errors import FieldRefused, SignatureRefused
from dispatch.ports import Endpoint, SecretUnreadable
from dispatch.secret_box import SecretBox
from partner_simulator.testing import new_secret_file

SECRET = b"s" * 32
BODY = '{"dispatch_id": "é"}'


@pytest.fixture
def box(tmp_path: Path) -> SecretBox:
    ServiceKey.generate("dispatch").save(tmp_path / "key.json")
    return SecretBox.of_service_key(tmp_path / "key.json")


def test_a_sealed_secret_opens_for_its_partner_only(box: SecretBox) -> None:
    sealed = box.seal("pn-enghien", SECRET)
    assert SECRET not in sealed
    assert sealed != box.seal("pn-enghien", SECRET)
    assert box.unseal("pn-enghien", sealed) == SECRET
    with pytest.raises(SecretUnreadable):
        box.unseal("sdis-95", sealed)
    with pytest.raises(SecretUnreadable):
        box.unseal("pn-enghien", sealed[:-1] + bytes([sealed[-1] ^ 1]))


def test_another_service_key_opens_nothing(box: SecretBox, tmp_path: Path) -> None:
    ServiceKey.generate("dispatch").save(tmp_path / "other.json")
    with pytest.raises(SecretUnreadable):
        SecretBox.of_service_key(tmp_path / "other.json").unseal("pn-enghien", box.seal("pn-enghien", SECRET))


def test_an_endpoint_does_not_print_its_secret() -> None:
    assert "sss" not in repr(Endpoint("https://partenaire.example", SECRET))


def test_seed_and_simulator_derive_the_same_secrets(tmp_path: Path) -> None:
    for file in (new_secret_file(tmp_path / "prefixed"), tmp_path / "plain"):
        if not file.exists():
            file.write_text("un secret quelconque\n")
        shared = signatures.read_demonstration_secret(file)
        assert shared == simulator.read_master_secret(file)
        derived = signatures.demonstration_secret(shared, "sdis-95")
        assert derived == simulator.partner_secret(shared, "sdis-95")
        assert derived != signatures.demonstration_secret(shared, "pn-enghien")


def test_what_one_side_signs_the_other_verifies() -> None:
    now = datetime.now(UTC)
    ours = signatures.signed_headers(SECRET, message_id="m1", sent_at=now, body=BODY)
    simulator.verify(SECRET, BODY.encode(), ours)
    theirs = simulator.signed_headers(SECRET, "ack_1", now, BODY)
    signatures.verify(SECRET, body=BODY.encode(), headers=theirs)


@pytest.mark.parametrize(
    "tampered",
    [
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": "rubbish"},
        {"webhook-signature": "v1,%%%"},
        {"webhook-signature": ""},
        {"webhook-id": "other"},
        {"webhook-timestamp": "rubbish"},
        {"webhook-timestamp": "0"},
    ],
)
def test_a_wrong_signature_is_refused_in_one_way(tampered: dict[str, str]) -> None:
    good = signatures.signed_headers(SECRET, message_id="m1", sent_at=datetime.now(UTC), body=BODY)
    with pytest.raises(SignatureRefused):
        signatures.verify(SECRET, body=BODY.encode(), headers=good | tampered)


@pytest.mark.parametrize("offset", [timedelta(minutes=-6), timedelta(minutes=6)])
def test_an_old_or_early_signature_is_refused(offset: timedelta) -> None:
    headers = signatures.signed_headers(SECRET, message_id="m1", sent_at=datetime.now(UTC) + offset, body=BODY)
    with pytest.raises(SignatureRefused):
        signatures.verify(SECRET, body=BODY.encode(), headers=headers)


def test_a_body_that_is_not_text_is_refused() -> None:
    headers = signatures.signed_headers(SECRET, message_id="m1", sent_at=datetime.now(UTC), body=BODY)
    with pytest.raises(SignatureRefused):
        signatures.verify(SECRET, body=b"\xff\xfe", headers=headers)


@pytest.mark.parametrize("text", ["", "whsec_", "whsec_%%%", "whsec_YWJj"])
def test_a_weak_or_malformed_secret_is_refused(text: str) -> None:
    with pytest.raises(FieldRefused):
        signatures.read_secret(text)
