"""The exact bytes of a register row: what the acting service seals, and what the register chains.

They are JSON as RFC 8785 wants it (sorted keys, no blanks, UTF-8, minimal escapes): our values are strings, integers
and null only, for which Python's serialiser writes exactly those bytes.
"""

import json
from datetime import UTC, datetime

from contracts.access import RegisterEntry

SEAL_CONTEXT = b"vigie-register-row-v1\n"
"""Stands before the sealed bytes, so that a seal can never be taken for a signature over something else."""


def row_fields(entry: RegisterEntry) -> dict[str, str | int | None]:
    """Return a row's fields as they are written for ever, without its number and its seal; instants in UTC, ms."""
    return {
        "entry_id": str(entry.entry_id),
        "at": instant(entry.at),
        "actor_id": entry.actor_id,
        "actor_name": entry.actor_name,
        "actor_role": entry.actor_role,
        "habilitation_id": entry.habilitation_id,
        "organisation": entry.organisation,
        "action": entry.action,
        "camera_id": entry.camera_id,
        "camera_label": entry.camera_label,
        "insee": entry.insee,
        "authorisation_id": entry.authorisation_id,
        "motive_code": entry.motive_code,
        "motive_text": entry.motive_text,
        "context": entry.context,
        "station": entry.station,
        "window_from": instant(entry.window_from),
        "window_until": instant(entry.window_until),
        "recipient": entry.recipient,
        "result": entry.result.value,
        "rule": entry.rule,
        "citation": entry.citation,
    }


def sealed_bytes(entry: RegisterEntry) -> bytes:
    """Return what the acting service signs."""
    return SEAL_CONTEXT + canonical(row_fields(entry))


def canonical_bytes(seq: int, entry: RegisterEntry) -> bytes:
    """Return the bytes of row ``seq``: its fields, its number and, where there is one, its seal."""
    fields = row_fields(entry) | {"seq": seq}
    if entry.seal is not None:
        fields["seal"] = entry.seal
    return canonical(fields)


def canonical(fields: dict[str, str | int | None]) -> bytes:
    """Return the RFC 8785 bytes of plain fields."""
    return json.dumps(fields, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def instant(at: datetime | None) -> str | None:
    """Return an instant as a row writes it: UTC with milliseconds."""
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
