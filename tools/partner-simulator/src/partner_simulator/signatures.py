"""Standard Webhooks signatures with one secret per partner.

Source: https://github.com/standard-webhooks/standard-webhooks (specification v1).
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

PREFIX = "whsec_"


class SignatureRefusedError(Exception):
    """The headers do not prove that the sender holds the secret, or the message is over five minutes old."""


def read_master_secret(path: Path) -> bytes:
    """Return the shared secret of a demonstration, from a file of one line (``whsec_…`` or any text).

    Raises:
        ValueError: the file is empty, or starts with ``whsec_`` and goes on with something else than base64.
    """
    line = path.read_text(encoding="utf-8").strip()
    if not line:
        raise ValueError(f"{path} est vide : il doit contenir le secret des webhooks")
    if not line.startswith(PREFIX):
        return line.encode()
    try:
        return base64.b64decode(line.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError(f"{path} : ce qui suit {PREFIX} n'est pas du base64") from error


def partner_secret(master: bytes, partner_id: str) -> bytes:
    """Derive a partner's own secret, so that one partner can never sign in another's name."""
    return hmac.new(master, partner_id.encode(), hashlib.sha256).digest()


def verify(secret: bytes, body: bytes, headers: Mapping[str, str]) -> None:
    """Check a received webhook.

    Raises:
        SignatureRefusedError: missing or malformed headers, wrong signature, or a timestamp out of tolerance.
    """
    try:
        Webhook(secret).verify(body, dict(headers), json_parse=False)
    except (WebhookVerificationError, ValueError) as error:
        raise SignatureRefusedError(str(error)) from error


def signed_headers(secret: bytes, message_id: str, sent_at: datetime, body: str) -> dict[str, str]:
    """Return the three Standard Webhooks headers for a body; ``sent_at`` must be UTC."""
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(sent_at.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, sent_at, body),
    }
