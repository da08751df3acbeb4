"""The one way to ask for a register row: sealed by the acting service, in the transaction of the act itself.

The row waits in the service's own outbox until the bus takes it, and on the bus until ``access`` chains it. The seal
is an Ed25519 signature by the service over the row's exact bytes, so that a row changed while it waits is found, and
so that no service can speak in another's name.
"""

import base64
import binascii

from sqlalchemy.ext.asyncio import AsyncConnection

from common import outbox
from common.auth import ServiceKey, TokenVerifier
from common.database import Database
from contracts.access import FACT_REGISTER_ENTRY, REGISTER_OWNER, RegisterEntry
from contracts.envelope import make_envelope
from contracts.register_row import sealed_bytes

_SEALING_KEY = "register_sealing_key"


def seal_rows_of(database: Database, key: ServiceKey) -> None:
    """Have every register row that is asked for through this database sealed with the service's key."""
    database.engine.sync_engine.update_execution_options(**{_SEALING_KEY: key})


async def ask_for_row(conn: AsyncConnection, entry: RegisterEntry, *, source: str) -> None:
    """Ask for a row in the transaction of the act it tells of.

    Args:
        conn: the transaction; of a database with a sealing key, else the row goes unsealed (and ``access`` refuses
            it unless it is told to take such rows).
        entry: the row.
        source: the acting service; its rows are chained in the order they were asked for.
    """
    key = conn.sync_connection.get_execution_options().get(_SEALING_KEY) if conn.sync_connection else None
    row = sealed(entry, key) if isinstance(key, ServiceKey) else entry
    envelope = make_envelope(
        row,
        event_id=row.entry_id,
        owner=REGISTER_OWNER,
        fact=FACT_REGISTER_ENTRY,
        source=source,
        aggregate=f"register:{source}",
        insee=row.insee,
        at=row.at,
    )
    await outbox.append(conn, [envelope])


def sealed(entry: RegisterEntry, key: ServiceKey) -> RegisterEntry:
    """Return the row with the service's seal: ``<issuer>/<key id>:<Base64 of the signature>``."""
    signature = base64.b64encode(key.sign_bytes(sealed_bytes(entry))).decode()
    return entry.model_copy(update={"seal": f"{key.issuer}/{key.key_id}:{signature}"})


def broken_seal(entry: RegisterEntry, source: str, keys: TokenVerifier) -> str | None:
    """Return what is wrong with a row's seal, None when ``source`` made it over exactly this row."""
    if entry.seal is None:
        return "ligne non scellée"
    signer, _, encoded = entry.seal.partition(":")
    issuer, _, key_id = signer.partition("/")
    if issuer != source:
        return f"ligne de « {source} » scellée par « {issuer[:40]} »"
    try:
        signature = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        return "sceau illisible"
    if not keys.signed_by(issuer, key_id, sealed_bytes(entry), signature):
        return f"le sceau de « {issuer} » ne correspond pas à la ligne"
    return None
