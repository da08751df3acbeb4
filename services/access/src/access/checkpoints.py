"""Checkpoints of the register: "row *n* had this hash", signed by the service's own key.

A chain alone does not tell when somebody with every right over the database rewrote a row *and* every hash after it,
or cut the end off. A signed checkpoint does, as long as the key is not on the database's machine.
"""

from datetime import timedelta

from access.domain.register import ChainHead
from access.ports import CheckpointSeal
from common.auth import ServiceKey
from common.problems import Unauthenticated

_AUDIENCE = "register-checkpoint"
_READABLE_FOR = timedelta(days=20 * 365)  # longer than any retention of the register (3 years by default)


class SignedSeal(CheckpointSeal):
    """Seals with an Ed25519 key; the token is a JWT that only this service issues and reads."""

    def __init__(self, key: ServiceKey) -> None:
        self._key = key

    def close(self, head: ChainHead) -> str:
        """Return a signed statement about where the chain ends."""
        claims = {"seq": head.seq, "head_hash": head.hash.hex()}
        return self._key.sign(claims, ttl=int(_READABLE_FOR.total_seconds()), audience=_AUDIENCE)

    def opened(self, token: str) -> ChainHead | None:
        """Return what was sealed, None when this key did not sign it."""
        try:
            claims = self._key.verify_own(token, audience=_AUDIENCE)
        except Unauthenticated:
            return None
        return ChainHead(int(claims["seq"]), bytes.fromhex(str(claims["head_hash"])))
