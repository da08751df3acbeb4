"""Requests and responses of the dispatch API. No response has a field for a webhook's address or secret."""

import unicodedata
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, SecretStr, StringConstraints

from contracts.access import OrganisationKind
from contracts.dispatch import DispatchStatus
from contracts.envelope import Insee
from contracts.incident import Priority
from dispatch.domain import Acknowledgement, Dispatch, Partner


def _one_line(text: str) -> str:
    if any(unicodedata.category(char) in {"Cc", "Cf", "Co", "Cs"} for char in text):
        raise ValueError("caractères invisibles ou de contrôle")
    return text


Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_one_line)]
Reference = Annotated[str, StringConstraints(strip_whitespace=True, max_length=100), AfterValidator(_one_line)]


class PartnerRequest(BaseModel):
    """A partner to write, new or changed. ``webhook_secret``: ``whsec_…``; it is never given back."""

    partner_id: Identifier
    name: Name
    kind: OrganisationKind
    organisation_id: Identifier
    communes: list[Insee]
    webhook_url: str
    webhook_secret: SecretStr


class PartnerView(BaseModel):
    """A partner. ``reachable``: how the last delivery went, null until one was tried."""

    partner_id: str
    name: str
    kind: OrganisationKind
    receives_images: bool
    communes: list[str]
    channel: str
    reachable: bool | None

    @classmethod
    def of(cls, partner: Partner) -> "PartnerView":
        """Show a partner."""
        return cls(
            partner_id=partner.partner_id,
            name=partner.name,
            kind=partner.kind,
            receives_images=partner.receives_images,
            communes=sorted(partner.communes),
            channel="webhook",
            reachable=partner.reachable,
        )


class PartnerPage(BaseModel):
    """The partners of the agent's communes, by name."""

    items: list[PartnerView]
    next_cursor: None = None


class DispatchView(BaseModel):
    """One message to one partner and what became of it."""

    dispatch_id: UUID
    incident_id: UUID
    incident_number: str
    insee: str
    partner_id: str
    partner_name: str
    code: str
    title: str
    priority: Priority
    address: str
    lon: float | None
    lat: float | None
    message: str
    status: DispatchStatus
    at: AwareDatetime
    detail: str
    attempts: int
    asked_at: AwareDatetime
    asked_by: str
    next_attempt_at: AwareDatetime | None
    transmitted_at: AwareDatetime | None
    acknowledged_at: AwareDatetime | None
    acknowledged_by: str | None
    reference: str | None

    @classmethod
    def of(cls, dispatch: Dispatch) -> "DispatchView":
        """Show a dispatch."""
        message = dispatch.message
        return cls(
            dispatch_id=dispatch.dispatch_id,
            incident_id=dispatch.incident_id,
            incident_number=dispatch.incident_number,
            insee=dispatch.insee,
            partner_id=dispatch.partner_id,
            partner_name=dispatch.partner_name,
            code=message.code,
            title=message.title,
            priority=message.priority,
            address=message.address,
            lon=message.lon,
            lat=message.lat,
            message=message.text,
            status=dispatch.status,
            at=dispatch.changed_at,
            detail=dispatch.detail,
            attempts=dispatch.attempts,
            asked_at=dispatch.asked_at,
            asked_by=dispatch.asked_by,
            next_attempt_at=dispatch.next_attempt_at,
            transmitted_at=dispatch.transmitted_at,
            acknowledged_at=dispatch.acknowledged_at,
            acknowledged_by=dispatch.acknowledged_by,
            reference=dispatch.reference,
        )


class DispatchPage(BaseModel):
    """Newest first; ``next_cursor`` asks for the older ones."""

    items: list[DispatchView]
    next_cursor: str | None

    @classmethod
    def of(cls, dispatches: list[Dispatch], *, limit: int) -> "DispatchPage":
        """Show a page that was asked with ``limit``."""
        more = str(dispatches[-1].dispatch_id) if len(dispatches) == limit else None
        return cls(items=[DispatchView.of(dispatch) for dispatch in dispatches], next_cursor=more)


class AcknowledgementRequest(BaseModel):
    """What a partner's system signs (Standard Webhooks)."""

    dispatch_id: UUID
    acknowledged_at: AwareDatetime
    acknowledged_by: Name
    reference: Reference = ""

    @property
    def acknowledgement(self) -> Acknowledgement:
        """The same as a domain value."""
        return Acknowledgement(self.acknowledged_at, self.acknowledged_by, self.reference)


class HandAcknowledgementRequest(BaseModel):
    """What a partner's agent says by hand; who and when are known from the session."""

    reference: Reference = ""


class AcknowledgementView(BaseModel):
    """The acknowledgement that stands: the first one."""

    dispatch_id: UUID
    status: DispatchStatus
    acknowledged_at: AwareDatetime | None
    acknowledged_by: str | None
    reference: str | None

    @classmethod
    def of(cls, dispatch: Dispatch) -> "AcknowledgementView":
        """Show what stands."""
        return cls.model_validate(dispatch, from_attributes=True)
