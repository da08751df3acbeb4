"""Facts that the dispatch service owns."""

from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime

from contracts.access import OrganisationKind
from contracts.envelope import Insee, Payload

OWNER = "dispatch"
FACT_DISPATCH_CHANGED = "dispatch_changed"


class DispatchStatus(StrEnum):
    """Life-cycle of one message to one partner."""

    DEMANDE = "DEMANDE"
    TRANSMIS = "TRANSMIS"
    ACCUSE = "ACCUSE"
    ECHEC = "ECHEC"


class DispatchChanged(Payload):
    """A dispatch was asked, delivered, acknowledged or failed. ``detail`` is a sentence for a person.

    ``partner_kind`` tells what the partner was when the message was asked for; None for an unknown partner.
    """

    dispatch_id: UUID
    incident_id: UUID
    incident_number: str
    insee: Insee
    partner_id: str
    partner_name: str
    partner_kind: OrganisationKind | None = None
    status: DispatchStatus
    at: AwareDatetime
    detail: str
