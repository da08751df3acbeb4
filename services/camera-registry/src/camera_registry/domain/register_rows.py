"""Register rows of what machines do here; an agent's rows are written by the guard."""

from datetime import datetime
from uuid import UUID

from contracts.access import RegisterEntry, RegisterResult
from contracts.envelope import CENTRE

_SOURCE = "Politique d'accès Vigie : portée du jeton de service"


def machine_row(
    service: str,
    *,
    scope: str,
    action: str,
    motive_code: str,
    motive_text: str,
    insee: str | None,
    camera_id: str | None,
    entry_id: UUID,
    station: str,
    at: datetime,
) -> RegisterEntry:
    """Return the row of what a machine did under ``scope``, in one commune (None: in none of its own)."""
    return RegisterEntry(
        entry_id=entry_id,
        at=at,
        actor_id=f"service:{service}",
        actor_name=service,
        actor_role="service",
        habilitation_id=None,
        organisation="Vigie",
        action=action,
        camera_id=camera_id,
        camera_label=None,
        insee=insee or CENTRE,
        authorisation_id=None,
        motive_code=motive_code,
        motive_text=motive_text,
        context="",
        station=station,
        window_from=None,
        window_until=None,
        recipient=None,
        result=RegisterResult.DONE,
        rule=scope,
        citation=_SOURCE,
    )
