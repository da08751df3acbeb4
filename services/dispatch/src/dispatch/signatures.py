"""Standard Webhooks with one secret per partner, in both directions.

Source: https://github.com/standard-webhooks/standard-webhooks (specification v1); the library is the reference
implementation. A timestamp more than five minutes away is refused.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from dispatch.errors import FieldRefused, SignatureRefused

PREFIX = "whsec_"
SHORTEST_SECRET = 24
LONGEST_SECRET = 64


def read_secret(text: str) -> bytes:
    """Return the bytes of a ``whsec_…`` secret.

    Raises:
        FieldRefused: not base64, or not between 24 and 64 bytes (the specification's bounds).
    """
    try:
        secret = base64.b64decode(text.strip().removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise FieldRefused("webhook_secret", f"attendu : {PREFIX} suivi de base64.") from error
    if not SHORTEST_SECRET <= len(secret) <= LONGEST_SECRET:
        raise FieldRefused("webhook_secret", f"entre {SHORTEST_SECRET} et {LONGEST_SECRET} octets attendus.")
    return secret


def read_demonstration_secret(path: Path) -> bytes:
    """Return the shared secret of a demonstration, from a file of one line (``whsec_…`` or any text)."""
    line = path.read_text(encoding="utf-8").strip()
    if not line:
        raise FieldRefused("webhook_secret_file", "le fichier est vide.")
    return base64.b64decode(line.removeprefix(PREFIX)) if line.startswith(PREFIX) else line.encode()


def demonstration_secret(shared: bytes, partner_id: str) -> bytes:
    """Derive a simulated partner's own secret, as the partner simulator does: HMAC-SHA256(shared, id)."""
    return hmac.new(shared, partner_id.encode(), hashlib.sha256).digest()


def signed_headers(secret: bytes, *, message_id: str, sent_at: datetime, body: str) -> dict[str, str]:
    """Return the headers of a signed webhook; ``sent_at`` in UTC, ``message_id`` the same for every attempt."""
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(sent_at.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, sent_at, body),
    }


def verify(secret: bytes, *, body: bytes, headers: Mapping[str, str]) -> None:
    """Check what a partner sent; raises SignatureRefused whatever is wrong with it."""
    try:
        Webhook(secret).verify(body, dict(headers), json_parse=False)
    except (WebhookVerificationError, ValueError) as error:
        raise SignatureRefused from error
