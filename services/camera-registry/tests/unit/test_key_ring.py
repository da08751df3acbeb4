"""The ring of keys: the first seals, all open, and a change of the file is seen without a restart."""

import base64
import os
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from camera_registry.credential_vault import AesGcmVault, CredentialsUnreadable, SealingKey, VaultKeyUnusable
from camera_registry.domain.camera import Credentials

WHO = Credentials("lecteur", "s3cret-é")
keys = st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=4, unique=True)


@given(keys, st.text(max_size=50), st.text(max_size=50))
def test_every_key_of_the_ring_opens_what_it_sealed(secrets: list[bytes], username: str, password: str) -> None:
    who = Credentials(username, password)
    ring = [SealingKey(secret) for secret in secrets]
    sealed = [AesGcmVault([key]).seal("C-1", who) for key in ring]
    vault = AesGcmVault(ring)
    assert [vault.unseal("C-1", one) for one in sealed] == [who] * len(ring)
    assert vault.seal("C-1", who).startswith(ring[0].mark)


def test_a_value_of_the_first_version_still_opens() -> None:
    secret = os.urandom(32)
    nonce = os.urandom(12)
    old = b"\x01" + nonce + AESGCM(secret).encrypt(nonce, b'["lecteur", "vieux"]', b"C-1")
    vault = AesGcmVault([SealingKey(os.urandom(32)), SealingKey(secret)])
    assert vault.unseal("C-1", old) == Credentials("lecteur", "vieux")
    with pytest.raises(CredentialsUnreadable):
        vault.unseal("C-2", old)


def test_a_flipped_byte_a_lost_key_and_another_camera_open_nothing() -> None:
    vault = AesGcmVault([SealingKey(b"k" * 32)])
    sealed = vault.seal("C-1", WHO)
    for at in range(len(sealed)):
        flipped = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
        with pytest.raises(CredentialsUnreadable):
            vault.unseal("C-1", flipped)
    with pytest.raises(CredentialsUnreadable):
        AesGcmVault([SealingKey(b"o" * 32)]).unseal("C-1", sealed)
    with pytest.raises(CredentialsUnreadable):
        vault.unseal("C-2", sealed)


def test_a_running_vault_follows_its_file(tmp_path: Path) -> None:
    path = tmp_path / "ring"
    AesGcmVault.write_new_key(path)
    service, command = AesGcmVault.from_file(path), AesGcmVault.from_file(path)
    old = service.seal("C-1", WHO)
    fresh = command.add_key()
    new = command.seal("C-1", WHO)
    assert new.startswith(fresh.mark)
    assert service.unseal("C-1", new) == service.unseal("C-1", old) == WHO
    assert service.seal("C-1", WHO).startswith(fresh.mark)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["ring"]
    command.drop_key(command.keys[1])
    with pytest.raises(CredentialsUnreadable):
        service.unseal("C-1", old)
    with pytest.raises(ValueError, match="cannot be dropped"):
        command.drop_key(command.keys[0])


@pytest.mark.parametrize("content", ["", "not base64!", base64.b64encode(b"short").decode()])
def test_a_file_that_holds_no_key_is_named_and_not_shown(tmp_path: Path, content: str) -> None:
    path = tmp_path / "ring"
    path.write_text(content)
    with pytest.raises(VaultKeyUnusable, match="ring"):
        AesGcmVault.from_file(path)


def test_a_key_never_shows_in_a_representation() -> None:
    key = SealingKey(b"k" * 32)
    assert "k" * 8 not in repr(key)
    assert key.key_id in repr(key)
    assert WHO.password not in repr(WHO)
