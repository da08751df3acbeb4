"""Facts that the incident service owns."""

from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime

from contracts.envelope import Insee, Payload

OWNER = "incident"
FACT_INCIDENT_OPENED = "incident_opened"
FACT_INCIDENT_TRANSITIONED = "incident_transitioned"
FACT_INCIDENT_TRANSMITTED = "incident_transmitted"


class IncidentStatus(StrEnum):
    """Life-cycle of DOMAIN §5."""

    NOUVEAU = "NOUVEAU"
    LEVEE_DE_DOUTE = "LEVEE_DE_DOUTE"
    INFONDE = "INFONDE"
    QUALIFIE = "QUALIFIE"
    TRANSMIS = "TRANSMIS"
    PRIS_EN_CHARGE = "PRIS_EN_CHARGE"
    SUR_PLACE = "SUR_PLACE"
    CLOS = "CLOS"
    ROUVERT = "ROUVERT"


class Priority(StrEnum):
    """P1: life or grave danger; P2: within minutes; P3: within the shift."""

    P1 = "P1"
    P2 = "P2"
    P3 = "P3"


class IncidentOpened(Payload):
    """An incident was declared and has its number ``AAAA-INSEE-NNNNNN``."""

    incident_id: UUID
    number: str
    insee: Insee
    code: str
    title: str
    priority: Priority
    camera_ids: tuple[str, ...]
    detected_at: AwareDatetime
    opened_at: AwareDatetime
    opened_by: str


class IncidentTransitioned(Payload):
    """An incident went from one status to another."""

    incident_id: UUID
    number: str
    before: IncidentStatus
    after: IncidentStatus
    at: AwareDatetime
    by: str
    note: str


class IncidentTransmitted(Payload):
    """An operator asked for partners to be warned; dispatch delivers the message. Text only, never an image."""

    incident_id: UUID
    number: str
    insee: Insee
    code: str
    title: str
    priority: Priority
    address: str
    lon: float | None
    lat: float | None
    message: str
    partner_ids: tuple[str, ...]
    transmission_id: UUID
    at: AwareDatetime
    by: str


class IncidentState(Payload):
    """As much of an incident as a decision in its context needs. Value of the ``incidents`` bucket.

    Open while ``closed_at`` is None; a closed one stays for the days in which its footage may still be looked at.
    """

    incident_id: str
    number: str
    insee: Insee
    camera_ids: tuple[str, ...]
    status: IncidentStatus
    opened_at: AwareDatetime
    closed_at: AwareDatetime | None = None
