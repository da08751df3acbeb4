"""Tokens: only what the right issuer signed, for the right audience, in its time, is believed."""

import os
import time
from pathlib import Path

import pytest

from common.auth import ServiceKey, TokenVerifier
from common.problems import Unauthenticated
from common.testing.tokens import TokenMint


@pytest.fixture
def mint(tmp_path: Path) -> TokenMint:
    return TokenMint(tmp_path / "keys")


def test_a_session_of_access_and_a_token_of_a_service_are_believed(mint: TokenMint) -> None:
    agent = mint.verifier.verify(mint.session("op.durand", epoch=3))
    assert (agent.kind, agent.subject, agent.epoch) == ("agent", "op.durand", 3)
    machine = mint.verifier.verify(mint.service("stream-gateway", "cameras.source"))
    assert (machine.kind, machine.subject, machine.scopes) == ("service", "stream-gateway", {"cameras.source"})


def test_an_outside_machine_is_bounded_by_the_communes_of_its_token_and_a_service_by_none(mint: TokenMint) -> None:
    town = frozenset({"95598", "95210"})
    outside = mint.verifier.verify(mint.client("cad-95", "cameras.read", communes=("95598", "59606")))
    assert (outside.kind, outside.subject, outside.scopes) == ("service", "client:cad-95", {"cameras.read"})
    assert outside.within(town) == {"95598"}
    unsaid = mint.key("access").sign({"sub": "cad-95", "typ": "client", "scope": "cameras.read"}, ttl=60)
    assert mint.verifier.verify(unsaid).within(town) == frozenset()
    widened = mint.key("dispatch").sign({"sub": "dispatch", "typ": "service", "communes": ""}, ttl=60)
    assert mint.verifier.verify(widened).within(town) == town


def test_whoever_is_believed_knows_when_the_token_ends(mint: TokenMint) -> None:
    before = time.time()
    for token in (
        mint.session("op.durand", ttl=60),
        mint.service("dispatch", ttl=60),
        mint.client("cad-95", communes=("95598",), ttl=60),
    ):
        expires = mint.verifier.verify(token).expires
        assert expires is not None
        assert before + 59 <= expires <= time.time() + 60


def test_an_expired_token_is_refused(mint: TokenMint) -> None:
    with pytest.raises(Unauthenticated):
        mint.verifier.verify(mint.session("op.durand", ttl=-60))


def test_another_service_cannot_issue_a_session(mint: TokenMint) -> None:
    forged = mint.key("dispatch").sign({"sub": "op.durand", "typ": "session", "sid": "x", "epoch": 0}, ttl=60)
    with pytest.raises(Unauthenticated):
        mint.verifier.verify(forged)


def test_a_service_cannot_speak_for_another(mint: TokenMint) -> None:
    forged = mint.key("dispatch").sign({"sub": "retention", "typ": "service", "scope": "segments.read"}, ttl=60)
    with pytest.raises(Unauthenticated):
        mint.verifier.verify(forged)


def test_a_key_that_was_never_published_is_refused(mint: TokenMint) -> None:
    stranger = ServiceKey.generate("access")
    with pytest.raises(Unauthenticated):
        mint.verifier.verify(stranger.sign({"sub": "x", "typ": "session", "sid": "y", "epoch": 0}, ttl=60))


def test_a_token_for_another_audience_is_refused(mint: TokenMint) -> None:
    claims = {"sub": "op.durand", "typ": "session", "sid": "x", "epoch": 0}
    with pytest.raises(Unauthenticated):
        mint.verifier.verify(mint.key("access").sign(claims, ttl=60, audience="stream-session"))


@pytest.mark.parametrize("rubbish", ["", "x", "a.b.c", "..", "eyJhbGciOiJub25lIn0.eyJpc3MiOiIuLi9ldGMifQ."])
def test_rubbish_is_refused(mint: TokenMint, rubbish: str) -> None:
    with pytest.raises(Unauthenticated):
        mint.verifier.verify(rubbish)


def test_a_flipped_character_is_refused(mint: TokenMint) -> None:
    token = mint.session("op.durand")
    head, body, signature = token.split(".")
    flipped = "A" if signature[5] != "A" else "B"
    with pytest.raises(Unauthenticated):
        mint.verifier.verify(f"{head}.{body}.{signature[:5]}{flipped}{signature[6:]}")


def test_a_private_key_file_is_readable_by_its_owner_only_and_loads_again(tmp_path: Path) -> None:
    key = ServiceKey.generate("incident")
    path = tmp_path / "incident.json"
    key.save(path)
    assert path.stat().st_mode & 0o077 == 0
    trusted = tmp_path / "trusted"
    trusted.mkdir()
    key.publish(trusted)
    assert "d" not in (trusted / "incident.jwks.json").read_text().replace("incident", "").split('"')
    token = ServiceKey.load(path).token({"a"})
    assert TokenVerifier(trusted).verify(token).subject == "incident"


def test_keys_published_later_are_found(mint: TokenMint) -> None:
    verifier = mint.verifier
    first = mint.session("op.durand")
    verifier.verify(first)
    replacement = ServiceKey.generate("access")
    target = mint.folder / "access.jwks.json"
    before = target.stat().st_mtime_ns
    replacement.publish(mint.folder)
    os.utime(target, ns=(before + 10**9, before + 10**9))
    with pytest.raises(Unauthenticated):
        verifier.verify(first)
    assert verifier.verify(replacement.sign({"sub": "a", "typ": "session", "sid": "s", "epoch": 0}, ttl=60))


def test_a_token_believed_once_is_refused_when_its_time_is_over(mint: TokenMint) -> None:
    instants = [time.time()]
    verifier = TokenVerifier(mint.folder, now=lambda: instants[-1])
    token = mint.session("op.durand", ttl=60)
    assert verifier.verify(token) == verifier.verify(token)
    instants.append(instants[0] + 120)
    with pytest.raises(Unauthenticated):
        verifier.verify(token)


def test_a_token_believed_once_is_refused_when_its_issuer_is_no_longer_trusted(mint: TokenMint) -> None:
    verifier = mint.verifier
    token = mint.service("incident", "cameras.read")
    verifier.verify(token)
    (mint.folder / "incident.jwks.json").unlink()
    with pytest.raises(Unauthenticated):
        verifier.verify(token)


def test_a_token_believed_for_one_audience_is_not_for_another(mint: TokenMint) -> None:
    verifier = mint.verifier
    token = mint.session("op.durand")
    verifier.verify(token)
    with pytest.raises(Unauthenticated):
        verifier.verify(token, audience="stream-session")
