"""Partners and dispatches: frozen values whose every change returns a new one with what is to be said."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from contracts.access import OrganisationKind
from contracts.dispatch import DispatchChanged, DispatchStatus
from contracts.incident import IncidentTransmitted, Priority
from dispatch.errors import DispatchNotFailed, FieldRefused
from policy.rules import RECIPIENT_KINDS

CLOCK_TOLERANCE = timedelta(minutes=5)

_LINK = re.compile(r"[a-z][a-z0-9+.-]*://|\bdata:|\bwww\.", re.IGNORECASE)
_NEVER_PARTNERS = frozenset({OrganisationKind.AUTORITE})


@dataclass(frozen=True, slots=True)
class Partner:
    """An organisation that is warned of incidents in its communes (INSEE codes).

    ``reachable`` tells how the last delivery went; None until one was tried.
    """

    partner_id: str
    name: str
    kind: OrganisationKind
    organisation_id: str
    communes: frozenset[str]
    webhook_url: str
    reachable: bool | None = None

    def __post_init__(self) -> None:
        if self.kind in _NEVER_PARTNERS:
            raise FieldRefused("kind", "une autorité de contrôle n'est pas un partenaire d'intervention.")
        if not self.communes:
            raise FieldRefused("communes", "indiquez au moins une commune.")

    @property
    def receives_images(self) -> bool:
        """Whether the law lets it receive images at all: a closed list (L.252-3 CSI), never an association."""
        return self.kind.value in RECIPIENT_KINDS

    def covers(self, insee: str) -> bool:
        """Tell whether the commune is in the partner's territory."""
        return insee in self.communes


@dataclass(frozen=True, slots=True)
class Message:
    """What a partner is told: text and a position, never an image or a way to one."""

    code: str
    title: str
    priority: Priority
    address: str
    lon: float | None
    lat: float | None
    text: str


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how fast a delivery is tried: waits double from ``first_after`` up to ``longest_after``."""

    max_attempts: int
    first_after: timedelta
    longest_after: timedelta

    def next_after(self, attempts: int) -> timedelta:
        """Return the wait after that many attempts (≥ 1)."""
        doubled = self.first_after * 2 ** min(attempts - 1, 20)
        return min(doubled, self.longest_after)


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """A partner says that it takes the incident on; ``acknowledged_at`` by the partner's clock, aware."""

    acknowledged_at: datetime
    acknowledged_by: str
    reference: str


@dataclass(frozen=True, slots=True)
class Dispatch:
    """One message to one partner.

    ``next_attempt_at`` is when a delivery may be tried (while one is under way: when it counts as lost);
    ``changed_at`` and ``detail`` tell the last news. ``events`` are not said yet.
    """

    dispatch_id: UUID
    incident_id: UUID
    incident_number: str
    insee: str
    transmission_id: UUID
    partner_id: str
    partner_name: str
    partner_kind: OrganisationKind | None
    message: Message
    status: DispatchStatus
    asked_at: datetime
    asked_by: str
    changed_at: datetime
    detail: str
    attempts: int = 0
    next_attempt_at: datetime | None = None
    transmitted_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    reference: str | None = None
    events: tuple[DispatchChanged, ...] = ()

    @classmethod
    def ask(
        cls, transmitted: IncidentTransmitted, *, partner_id: str, partner: Partner | None, dispatch_id: UUID
    ) -> "Dispatch":
        """Answer a transmission for one partner: due at once, or failed where it can never be delivered.

        A failure is visible to the operator, who would otherwise believe the partner warned.
        """
        at = transmitted.at
        asked = cls(
            dispatch_id=dispatch_id,
            incident_id=transmitted.incident_id,
            incident_number=transmitted.number,
            insee=transmitted.insee,
            transmission_id=transmitted.transmission_id,
            partner_id=partner_id,
            partner_name=partner.name if partner else partner_id,
            partner_kind=partner.kind if partner else None,
            message=Message(
                code=transmitted.code,
                title=transmitted.title,
                priority=transmitted.priority,
                address=transmitted.address,
                lon=transmitted.lon,
                lat=transmitted.lat,
                text=transmitted.message,
            ),
            status=DispatchStatus.DEMANDE,
            asked_at=at,
            asked_by=transmitted.by,
            changed_at=at,
            detail="",
        )
        obstacle = _obstacle(asked, partner)
        if obstacle is not None:
            return _told(asked, DispatchStatus.ECHEC, at, obstacle)
        return _told(replace(asked, next_attempt_at=at), DispatchStatus.DEMANDE, at, "Envoi demandé.")

    def delivered(self, *, at: datetime) -> "Dispatch":
        """The partner's system took the message. The partner may have acknowledged even before we knew."""
        if self.status is not DispatchStatus.DEMANDE:
            return replace(self, transmitted_at=self.transmitted_at or at)
        taken = replace(self, transmitted_at=at, next_attempt_at=None)
        return _told(taken, DispatchStatus.TRANSMIS, at, "Remis au système du partenaire.")

    def delivery_failed(self, reason: str, *, at: datetime, retries: RetryPolicy) -> "Dispatch":
        """An attempt failed: try again later, or give up visibly after the last attempt."""
        if self.status is not DispatchStatus.DEMANDE:
            return self
        if self.attempts >= retries.max_attempts:
            told = f"Échec après {self.attempts} tentatives : {reason}"
            return _told(replace(self, next_attempt_at=None), DispatchStatus.ECHEC, at, told)
        again_at = at + retries.next_after(self.attempts)
        return replace(self, next_attempt_at=again_at, detail=f"Tentative {self.attempts} sans succès : {reason}")

    def acknowledge(self, acknowledgement: Acknowledgement, *, at: datetime) -> "Dispatch":
        """Take in an acknowledgement; the first one stands, later ones change nothing.

        Raises:
            FieldRefused: it is dated in the future.
        """
        if acknowledgement.acknowledged_at > at + CLOCK_TOLERANCE:
            raise FieldRefused("acknowledged_at", "l'heure de l'accusé est dans le futur.")
        if self.status is DispatchStatus.ACCUSE:
            return self
        reference = f" (réf. {acknowledgement.reference})" if acknowledgement.reference else ""
        taken = replace(
            self,
            next_attempt_at=None,
            acknowledged_at=acknowledgement.acknowledged_at,
            acknowledged_by=acknowledgement.acknowledged_by,
            reference=acknowledgement.reference or None,
        )
        told = f"Accusé de réception par {acknowledgement.acknowledged_by}{reference}."
        return _told(taken, DispatchStatus.ACCUSE, at, told)

    def retry(self, partner: Partner | None, *, at: datetime) -> "Dispatch":
        """Ask again for a dispatch that failed.

        Raises:
            DispatchNotFailed: it did not fail.
        """
        if self.status is not DispatchStatus.ECHEC:
            raise DispatchNotFailed(self.dispatch_id, self.status)
        obstacle = _obstacle(self, partner)
        if obstacle is not None:
            return _told(self, DispatchStatus.ECHEC, at, obstacle)
        due = replace(self, attempts=0, next_attempt_at=at)
        return _told(due, DispatchStatus.DEMANDE, at, "Nouvel envoi demandé.")


def _obstacle(dispatch: Dispatch, partner: Partner | None) -> str | None:
    if partner is None:
        return "Partenaire inconnu : message non envoyé."
    if not partner.covers(dispatch.insee):
        return "Ce partenaire ne couvre pas la commune : message non envoyé."
    if any(_LINK.search(text) for text in (dispatch.message.text, dispatch.message.address)):
        return "Le message contient un lien, réservé au texte : message non envoyé."
    return None


def _told(dispatch: Dispatch, status: DispatchStatus, at: datetime, detail: str) -> Dispatch:
    event = DispatchChanged(
        dispatch_id=dispatch.dispatch_id,
        incident_id=dispatch.incident_id,
        incident_number=dispatch.incident_number,
        insee=dispatch.insee,
        partner_id=dispatch.partner_id,
        partner_name=dispatch.partner_name,
        partner_kind=dispatch.partner_kind,
        status=status,
        at=at,
        detail=detail,
    )
    return replace(dispatch, status=status, changed_at=at, detail=detail, events=(*dispatch.events, event))
