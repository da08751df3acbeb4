"""What proves that a message comes from a button: a Standard Webhooks signature, or its secret.

Source of the signature: https://github.com/standard-webhooks/standard-webhooks (specification v1); a timestamp more
than five minutes away is refused by the reference implementation that is used here.
"""

import base64
import hashlib
import hmac
import os
from collections.abc import Mapping

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from camera_registry.domain.button import Button, ButtonProof
from camera_registry.domain.camera import Credentials
from camera_registry.ports import CredentialVault
from camera_registry.repository.buttons import StoredSecret

_PREFIX = "whsec_"
_SECRET_BYTES = 32


class ProofRefused(PermissionError):
    """Not from this button, too old, or from no button at all: the answer must be the same."""


def new_secret() -> str:
    """Return a fresh secret as a person puts it into a button: ``whsec_`` and 32 random bytes in base64."""
    return _PREFIX + base64.b64encode(os.urandom(_SECRET_BYTES)).decode()


def stored(secret: str, proof: ButtonProof, button_id: str, vault: CredentialVault) -> StoredSecret:
    """Return what is kept of a secret: only its hash where the button sends it, sealed where it signs with it."""
    sealed = vault.seal(sealing_name(button_id), Credentials("", secret)) if proof is ButtonProof.SIGNATURE else None
    return StoredSecret(hashlib.sha256(secret.encode()).digest(), sealed)


def sealing_name(button_id: str) -> str:
    """Return the name that binds a sealed secret to its button; no camera has such an id."""
    return f"bouton:{button_id}"


def check_proof(
    button: Button, kept: StoredSecret, vault: CredentialVault, *, headers: Mapping[str, str], body: bytes
) -> None:
    """Raise ProofRefused unless the message comes from the button."""
    if button.proof is ButtonProof.JETON:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        right = hmac.compare_digest(hashlib.sha256(given.strip().encode()).digest(), kept.sha256)
        if scheme.lower() != "bearer" or not right:
            raise ProofRefused
        return
    if kept.sealed is None:
        raise ProofRefused
    secret = vault.unseal(sealing_name(button.button_id), kept.sealed).password
    try:
        Webhook(secret).verify(body, dict(headers), json_parse=False)
    except (WebhookVerificationError, ValueError) as error:
        raise ProofRefused from error
