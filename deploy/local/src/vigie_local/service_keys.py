"""Key pairs of everybody who signs tokens: private JWKs here, public ones where verifiers look."""

from common.auth import ServiceKey
from vigie_local.layout import COMMAND_LINE, Layout

SERVICES = ("camera-registry", "stream-gateway", "incident", "dispatch", "retention", "access")


def issue_keys(layout: Layout) -> None:
    """Make missing key pairs and publish every public key."""
    for issuer in (*SERVICES, COMMAND_LINE):
        file = layout.private_key(issuer)
        if not file.exists():
            ServiceKey.generate(issuer).save(file)
        ServiceKey.load(file).publish(layout.trusted_keys)
