"""The policy's words are those of the public language, though neither package imports the other."""

from enum import StrEnum

import pytest

import policy
from contracts import access, registry


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (policy.Role, access.Role),
        (policy.OrganisationKind, access.OrganisationKind),
        (policy.OperatingMode, registry.OperatingMode),
        (policy.CameraStatus, registry.CameraStatus),
    ],
)
def test_same_words_compare_and_hash_alike(ours: type[StrEnum], theirs: type[StrEnum]) -> None:
    assert set(ours) == set(theirs)
    assert {word.value for word in ours} == {str(word) for word in theirs}
