"""The plain values a decision is made of.

The enums are string enums whose values equal those of ``contracts``: a member of either compares and hashes
as the same string, so that neither package needs the other.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

CENTRE = "00000"
"""Stands for the centre itself where a commune code is asked (things that belong to no single commune)."""


class Role(StrEnum):
    """Roles of the trade; one per agent."""

    OPERATEUR = "operateur"
    CHEF_DE_SALLE = "chef_de_salle"
    AGENT_RELECTURE = "agent_relecture"
    RESPONSABLE_CSU = "responsable_csu"
    POLICIER_MUNICIPAL = "policier_municipal"
    PARTENAIRE_PN = "partenaire_pn"
    PARTENAIRE_GN = "partenaire_gn"
    PARTENAIRE_SDIS = "partenaire_sdis"
    PARTENAIRE_CROIX_ROUGE = "partenaire_croix_rouge"
    MAIRE = "maire"
    DPO = "dpo"
    TECHNICIEN = "technicien"
    ADMIN = "admin"
    AUDITEUR = "auditeur"


class OrganisationKind(StrEnum):
    """Kind of an agent's employer."""

    COLLECTIVITE = "collectivite"
    POLICE_MUNICIPALE = "police_municipale"
    POLICE_NATIONALE = "police_nationale"
    GENDARMERIE = "gendarmerie"
    DOUANES = "douanes"
    SDIS = "sdis"
    ASSOCIATION = "association"
    AUTORITE = "autorite"


class OperatingMode(StrEnum):
    """How the arrêté lets images be watched."""

    DIRECT = "DIRECT"
    DIFFERE_SUR_REQUISITION = "DIFFERE_SUR_REQUISITION"
    EVENEMENT = "EVENEMENT"


class CameraStatus(StrEnum):
    """Life-cycle of a camera."""

    PROJET = "projet"
    ETUDE = "etude"
    AUTORISEE = "autorisee"
    EN_TRAVAUX = "en_travaux"
    EN_SERVICE = "en_service"
    EN_PANNE = "en_panne"
    DEPOSEE = "deposee"


class TicketPurpose(StrEnum):
    """What a ticket was opened for."""

    MAINTENANCE = "maintenance"
    DROIT_D_ACCES = "droit_d_acces"


class Action(StrEnum):
    """Everything an agent can ask for. The value is what the register and the API write."""

    LIVE = "live"
    PTZ = "ptz"
    SNAPSHOT = "snapshot"
    SHARE = "share"
    REPLAY = "replay"
    EXPORT = "export"
    VIEW_CAMERA = "view_camera"
    VIEW_RECORDINGS = "view_recordings"
    HOLD = "hold"
    MASK = "mask"
    MASK_STILL = "mask_still"
    CONFIGURE = "configure"
    MANAGE_AUTHORISATIONS = "manage_authorisations"
    SUPERVISE = "supervise"
    END_VIEWING = "end_viewing"
    COMMAND_WALL = "command_wall"
    MANAGE_RONDES = "manage_rondes"
    VIEW_INCIDENT = "view_incident"
    MANAGE_INCIDENT = "manage_incident"
    TRANSMIT = "transmit"
    VIEW_DISPATCH = "view_dispatch"
    MANAGE_DISPATCH = "manage_dispatch"
    RECEIVE_DISPATCH = "receive_dispatch"
    MANAGE_PARTNERS = "manage_partners"
    READ_REGISTER = "read_register"
    VERIFY_REGISTER = "verify_register"
    VIEW_AGENTS = "view_agents"
    MANAGE_AGENTS = "manage_agents"
    EXPLAIN_POLICY = "explain_policy"
    VIEW_STATISTICS = "view_statistics"


LIVE_ACTIONS: frozenset[Action] = frozenset({Action.LIVE, Action.PTZ, Action.SNAPSHOT, Action.SHARE})
"""Actions on the image of this very second."""

IMAGE_ACTIONS: frozenset[Action] = LIVE_ACTIONS | {Action.REPLAY, Action.EXPORT, Action.MASK_STILL}
"""Actions that show, move or hand over an image, live or recorded."""


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open interval of time ``[starts_at, ends_at)``, aware datetimes."""

    starts_at: datetime
    ends_at: datetime

    def holds(self, at: datetime) -> bool:
        """Tell whether the instant lies inside."""
        return self.starts_at <= at < self.ends_at


@dataclass(frozen=True, slots=True)
class Agent:
    """A person, the employer, and the dated habilitation (half-open: ``from`` included, ``until`` not).

    ``agrement_from`` and ``agrement_until``: the prefect's agrément, half-open as well; both None where the agent's
    trade needs none. A bound that is None bounds nothing.
    """

    agent_id: str
    name: str
    role: str
    organisation_id: str
    organisation_name: str
    organisation_kind: str
    communes: frozenset[str]
    habilitation_id: str | None
    habilitation_from: datetime | None
    habilitation_until: datetime | None
    active: bool
    agrement_until: datetime | None = None
    agrement_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class Authorisation:
    """The prefectoral authorisation: half-open validity; ``recipients`` are organisation kinds.

    ``partner_watermark``: outside recipients get pictures with a burnt-in watermark only.
    """

    authorisation_id: str
    arrete_number: str
    valid_from: datetime
    valid_until: datetime
    mode: str = OperatingMode.DIRECT
    event_windows: tuple[Window, ...] = ()
    retention_days: int = 30
    recipients: frozenset[str] = field(default_factory=frozenset[str])
    partner_watermark: bool = False

    def valid_at(self, at: datetime) -> bool:
        """Tell whether the arrêté is in force at that second."""
        return self.valid_from <= at < self.valid_until

    def event_at(self, at: datetime) -> bool:
        """Tell whether a dated event of the arrêté is under way."""
        return any(window.holds(at) for window in self.event_windows)


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera as much as a decision needs; ``authorisation`` is None where no arrêté covers it."""

    camera_id: str
    label: str
    insee: str
    status: str
    has_ptz: bool
    masks_signed: bool
    authorisation: Authorisation | None


@dataclass(frozen=True, slots=True)
class Share:
    """Live cameras shown to one named person of a partner for at most 60 minutes, at most four cameras."""

    share_id: str
    agent_id: str
    camera_ids: frozenset[str]
    window: Window
    grants_ptz: bool = False


INCIDENT_OUTLIVES_CLOSURE = timedelta(days=7)
"""How long the footage of an incident's own cameras may still be looked at in its name once it is closed."""


@dataclass(frozen=True, slots=True)
class Incident:
    """An incident as its owner published it, as much as a decision in its context needs."""

    incident_id: str
    insee: str
    camera_ids: frozenset[str]
    opened_at: datetime
    closed_at: datetime | None = None

    def concerns(self, camera: Camera, at: datetime) -> bool:
        """Tell whether the incident is a reason to look at a camera at an instant.

        Its own cameras: until seven days after its closure. Any other camera of the same commune: only while it is
        open, for nobody knows beforehand where those who flee will pass.
        """
        if camera.camera_id in self.camera_ids:
            return self.closed_at is None or at < self.closed_at + INCIDENT_OUTLIVES_CLOSURE
        return camera.insee == self.insee and (self.closed_at is None or at < self.closed_at)


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket as its owner published it: it covers the cameras it lists, for what it was opened for."""

    ticket_id: str
    camera_ids: frozenset[str]
    opened_at: datetime
    closed_at: datetime | None = None
    purpose: str = TicketPurpose.MAINTENANCE

    def covers(self, camera: Camera, purpose: TicketPurpose, at: datetime) -> bool:
        """Tell whether the ticket is open at an instant, lists the camera and was opened for that purpose."""
        is_open = self.closed_at is None or at < self.closed_at
        return is_open and self.purpose == purpose and camera.camera_id in self.camera_ids


@dataclass(frozen=True, slots=True)
class Context:
    """Why the action is asked, and which commune it touches when the thing judged is not a camera.

    A blank reference (empty or only white space) counts as none. ``incident`` and ``ticket`` are what the reference
    of the same name was found to be; None when it is unknown, and then it opens nothing. ``insee`` is the commune of
    an incident, a segment or a dispatch; a camera's own commune wins over it.
    """

    incident_id: str | None = None
    requisition_id: str | None = None
    ticket_id: str | None = None
    share: Share | None = None
    insee: str | None = None
    incident: Incident | None = None
    ticket: Ticket | None = None


@dataclass(frozen=True, slots=True)
class TownRules:
    """What a town decided for itself; configuration, never code.

    ``replay_roles``: the only roles that replay (Valenciennes has a separate replay room); None restricts nothing.
    ``silence_allowed``: how old the last word of the message bus may be for an image to be shown. A revocation
    travels over the bus, so beyond that nobody knows whether the agent still has the right.
    """

    replay_roles: frozenset[str] | None = None
    silence_allowed: timedelta = timedelta(minutes=15)


NO_TOWN_RULES = TownRules()
NO_SILENCE = timedelta(0)


def commune_of(camera: Camera | None, context: Context) -> str | None:
    """Return the commune the action touches; None (or the centre) when it belongs to none."""
    insee = camera.insee if camera else context.insee
    return None if insee == CENTRE else insee


def mentions(value: str, members: Iterable[StrEnum]) -> bool:
    """Tell whether a free string is one of the members (an unknown role or kind is never one)."""
    return any(value == member.value for member in members)
