"""Register rows of what machines do here; an agent's rows are written by the guard."""

from datetime import datetime
from uuid import UUID

from contracts.access import RegisterEntry, RegisterResult
from contracts.envelope import CENTRE

_SOURCE = "Politique d'accès Vigie : portée du jeton de service"


def machine_import_row(
    service: str, *, scope: str, motive_code: str, motive_text: str, entry_id: UUID, station: str, at: datetime
) -> RegisterEntry:
    """Return the row of an import that a machine wrote under ``scope``."""
    return RegisterEntry(
        entry_id=entry_id,
        at=at,
        actor_id=f"service:{service}",
        actor_name=service,
        actor_role="service",
        habilitation_id=None,
        organisation="Vigie",
        action="configure",
        camera_id=None,
        camera_label=None,
        insee=CENTRE,
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


def machine_change_row(
    service: str,
    *,
    scope: str,
    motive_text: str,
    insee: str,
    camera_id: str | None,
    entry_id: UUID,
    station: str,
    at: datetime,
) -> RegisterEntry:
    """Return the row of a change that a machine made in one commune under ``scope``."""
    row = machine_import_row(
        service,
        scope=scope,
        motive_code="configuration",
        motive_text=motive_text,
        entry_id=entry_id,
        station=station,
        at=at,
    )
    return row.model_copy(update={"insee": insee, "camera_id": camera_id})
