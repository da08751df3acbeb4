"""The table of rules. Read it from top to bottom: the first rule that fails is the one the refusal names.

A rule *applies* to some requests and then *passes* or not. Deny by default lives in ``role_autorise``, which
applies to every request and knows only the actions and roles of ``policy.matrix``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from policy.matrix import roles_allowed
from policy.model import (
    IMAGE_ACTIONS,
    LIVE_ACTIONS,
    NO_SILENCE,
    NO_TOWN_RULES,
    Action,
    Agent,
    Authorisation,
    Camera,
    CameraStatus,
    Context,
    OperatingMode,
    OrganisationKind,
    Role,
    TicketPurpose,
    TownRules,
    commune_of,
    mentions,
)

SHARE_LASTS_AT_MOST = timedelta(minutes=60)
SHARE_HOLDS_AT_MOST = 4

RECIPIENT_KINDS = frozenset(
    {
        OrganisationKind.POLICE_NATIONALE,
        OrganisationKind.GENDARMERIE,
        OrganisationKind.DOUANES,
        OrganisationKind.SDIS,
        OrganisationKind.POLICE_MUNICIPALE,
    }
)
"""The closed list of those who may receive images besides the operator of the system (L.252-3 CSI)."""

PARTNER_ROLES = frozenset({Role.PARTENAIRE_PN, Role.PARTENAIRE_GN, Role.PARTENAIRE_SDIS, Role.PARTENAIRE_CROIX_ROUGE})
REGISTER_ACTIONS = frozenset({Action.READ_REGISTER, Action.VERIFY_REGISTER})
CONTROL_ROLES = frozenset({Role.DPO, Role.AUDITEUR})
RECORDED_ACTIONS = frozenset({Action.REPLAY, Action.EXPORT})


@dataclass(frozen=True, slots=True)
class Request:
    """One question put to the policy; ``silence`` is the age of the last word of the message bus."""

    agent: Agent
    action: Action
    camera: Camera | None
    context: Context
    at: datetime
    town: TownRules = NO_TOWN_RULES
    silence: timedelta = NO_SILENCE

    @property
    def authorisation(self) -> Authorisation | None:
        """The arrêté over the camera, if there is a camera and an arrêté."""
        return self.camera.authorisation if self.camera else None

    @property
    def wants_image(self) -> bool:
        """The action shows, moves or hands over an image."""
        return self.action in IMAGE_ACTIONS

    @property
    def wants_live(self) -> bool:
        """The action is on the image of this very second."""
        return self.action in LIVE_ACTIONS

    @property
    def wants_sight(self) -> bool:
        """The action shows what the camera sees now: live, or one picture to draw masks on."""
        return self.wants_live or self.action == Action.MASK_STILL


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the table; ``explanation`` states it in French, ``citation`` is a key of the data.

    ``hides_existence``: who fails it must not learn that the thing exists (404, not 403).
    """

    name: str
    explanation: str
    citation: str
    applies: Callable[[Request], bool]
    passes: Callable[[Request], bool]
    hides_existence: bool = False


def _always(_: Request) -> bool:
    return True


def _habilitation_valid(request: Request) -> bool:
    agent = request.agent
    if agent.habilitation_id is None or agent.habilitation_from is None or agent.habilitation_until is None:
        return False
    return agent.habilitation_from <= request.at < agent.habilitation_until


def _agrement_valid(request: Request) -> bool:
    starts, ends = request.agent.agrement_from, request.agent.agrement_until
    return (starts is None or starts <= request.at) and (ends is None or request.at < ends)


def _commune_bound(request: Request) -> bool:
    controls = request.action in REGISTER_ACTIONS and mentions(request.agent.role, CONTROL_ROLES)
    return commune_of(request.camera, request.context) is not None and not controls


def _in_communes(request: Request) -> bool:
    return commune_of(request.camera, request.context) in request.agent.communes


def _is_association(request: Request) -> bool:
    agent = request.agent
    return agent.organisation_kind == OrganisationKind.ASSOCIATION or agent.role == Role.PARTENAIRE_CROIX_ROUGE


def _is_third_party(request: Request) -> bool:
    return request.wants_image and request.agent.organisation_kind != OrganisationKind.COLLECTIVITE


def _is_recipient(request: Request) -> bool:
    kind, authorisation = request.agent.organisation_kind, request.authorisation
    return mentions(kind, RECIPIENT_KINDS) and authorisation is not None and kind in authorisation.recipients


def _authorised_now(request: Request) -> bool:
    return request.authorisation is not None and request.authorisation.valid_at(request.at)


def _named(reference: str | None) -> bool:
    return bool(reference and reference.strip())  # a blank reference leaves no trace in the register: it is none


def _authorised_or_judicial(request: Request) -> bool:
    return _authorised_now(request) or _named(request.context.requisition_id)


def _mode_lets(request: Request) -> bool:
    authorisation = request.authorisation
    if _named(request.context.requisition_id) or authorisation is None:
        return True  # without an arrêté the rules above have already decided
    if authorisation.mode == OperatingMode.EVENEMENT:
        return authorisation.event_at(request.at)
    return authorisation.mode == OperatingMode.DIRECT


def _operator_replays(request: Request) -> bool:
    return request.action == Action.REPLAY and request.agent.role == Role.OPERATEUR


def _replays_on_incident_alone(request: Request) -> bool:
    context = request.context
    return _operator_replays(request) and _named(context.incident_id) and not _named(context.requisition_id)


def _incident_concerns(request: Request) -> bool:
    incident, camera = request.context.incident, request.camera
    return incident is not None and camera is not None and incident.concerns(camera, request.at)


def _exports_on_ticket_alone(request: Request) -> bool:
    context = request.context
    return request.action == Action.EXPORT and _named(context.ticket_id) and not _named(context.requisition_id)


def _maintains(request: Request) -> bool:
    return request.wants_sight and request.agent.role == Role.TECHNICIEN


def _ticket_covers(request: Request, purpose: TicketPurpose) -> bool:
    ticket, camera = request.context.ticket, request.camera
    return ticket is not None and camera is not None and ticket.covers(camera, purpose, request.at)


def _share_holds(request: Request) -> bool:
    share = request.context.share
    if share is None or request.camera is None:
        return False
    return (
        share.agent_id == request.agent.agent_id
        and request.camera.camera_id in share.camera_ids
        and len(share.camera_ids) <= SHARE_HOLDS_AT_MOST
        and share.window.ends_at - share.window.starts_at <= SHARE_LASTS_AT_MOST
        and share.window.holds(request.at)
        and (request.action != Action.PTZ or share.grants_ptz)
    )


RULES: tuple[Rule, ...] = (
    Rule(
        "agent_actif",
        "Le compte de l'agent doit être actif (ni révoqué ni suspendu).",
        "agent_actif",
        applies=_always,
        passes=lambda r: r.agent.active,
    ),
    Rule(
        "habilitation_valide",
        "L'agent doit détenir une habilitation nominative et datée, en vigueur à cet instant.",
        "habilitation",
        applies=_always,
        passes=_habilitation_valid,
    ),
    Rule(
        "agrement_en_vigueur",
        "L'agrément préfectoral de l'agent, quand son métier en demande un, doit être en vigueur à cet instant.",
        "agrement",
        applies=lambda r: r.wants_image,
        passes=_agrement_valid,
    ),
    Rule(
        "commune_de_l_employeur",
        "La commune concernée doit faire partie du territoire de l'employeur de l'agent.",
        "commune",
        applies=_commune_bound,
        passes=_in_communes,
        hides_existence=True,
    ),
    Rule(
        "association_sans_image",
        "Une association n'est pas un destinataire d'images : elle reçoit un signalement, jamais une image.",
        "association",
        applies=lambda r: r.wants_image,
        passes=lambda r: not _is_association(r),
    ),
    Rule(
        "role_autorise",
        "Le rôle de l'agent doit permettre cette action.",
        "role",
        applies=_always,
        passes=lambda r: mentions(r.agent.role, roles_allowed(r.action)),
    ),
    Rule(
        "salle_de_relecture",
        "Dans cette ville, seule la salle de relecture relit des images.",
        "salle_de_relecture",
        applies=lambda r: r.action == Action.REPLAY and r.town.replay_roles is not None,
        passes=lambda r: r.town.replay_roles is not None and r.agent.role in r.town.replay_roles,
    ),
    Rule(
        "droits_a_jour",
        "Sans nouvelles des droits des agents depuis trop longtemps, aucune image n'est montrée : une révocation a pu"
        " se perdre. L'accès revient avec le bus de messages.",
        "droits_a_jour",
        applies=lambda r: r.wants_image,
        passes=lambda r: r.silence <= r.town.silence_allowed,
    ),
    Rule(
        "camera_connue",
        "Une image se demande sur une caméra connue du registre des caméras.",
        "camera",
        applies=lambda r: r.wants_image,
        passes=lambda r: r.camera is not None,
        hides_existence=True,
    ),
    Rule(
        "autorisation_en_vigueur",
        "La caméra doit être couverte à cette seconde par une autorisation préfectorale en vigueur.",
        "autorisation",
        applies=lambda r: r.wants_sight,
        passes=_authorised_now,
    ),
    Rule(
        "autorisation_ou_requisition",
        "Hors autorisation en vigueur, les images existantes ne sont accessibles que sur réquisition.",
        "autorisation",
        applies=lambda r: r.action in RECORDED_ACTIONS,
        passes=_authorised_or_judicial,
    ),
    Rule(
        "destinataire_inscrit",
        "Un service extérieur doit être un destinataire admis par la loi et inscrit dans l'arrêté.",
        "destinataires",
        applies=_is_third_party,
        passes=_is_recipient,
    ),
    Rule(
        "mode_d_exploitation",
        "Le mode de l'arrêté doit permettre de voir : direct, événement en cours, ou réquisition.",
        "mode",
        applies=lambda r: r.wants_image and r.action != Action.MASK_STILL,  # masks come before any watching
        passes=_mode_lets,
    ),
    Rule(
        "masques_signes",
        "Les masques des zones privées doivent être signés, et appliqués par la caméra, avant tout direct.",
        "masques",
        applies=lambda r: r.wants_live,
        passes=lambda r: r.camera is not None and r.camera.masks_signed,
    ),
    Rule(
        "camera_en_service",
        "La caméra doit être en service pour le direct.",
        "service",
        applies=lambda r: r.wants_live,
        passes=lambda r: r.camera is not None and r.camera.status == CameraStatus.EN_SERVICE,
    ),
    Rule(
        "camera_orientable",
        "La prise en main demande une caméra orientable.",
        "ptz",
        applies=lambda r: r.action == Action.PTZ,
        passes=lambda r: r.camera is not None and r.camera.has_ptz,
    ),
    Rule(
        "partage_nominatif",
        "Un partenaire ne voit le direct que dans un partage à son nom (60 minutes, quatre caméras au plus).",
        "partage",
        applies=lambda r: r.wants_live and mentions(r.agent.role, PARTNER_ROLES),
        passes=_share_holds,
    ),
    Rule(
        "relecture_en_contexte",
        "Un opérateur ne relit des images que dans un incident ou une réquisition.",
        "relecture",
        applies=_operator_replays,
        passes=lambda r: _named(r.context.incident_id) or _named(r.context.requisition_id),
    ),
    Rule(
        "incident_confirme",
        "L'incident invoqué doit être connu et concerner cette caméra : la citer (jusqu'à sept jours après sa clôture)"
        " ou être ouvert dans sa commune.",
        "incident",
        applies=_replays_on_incident_alone,
        passes=_incident_concerns,
    ),
    Rule(
        "extraction_en_contexte",
        "Une extraction se fait sur réquisition, ou sur ticket pour le droit d'accès d'une personne.",
        "extraction",
        applies=lambda r: r.action == Action.EXPORT,
        passes=lambda r: _named(r.context.requisition_id) or _named(r.context.ticket_id),
    ),
    Rule(
        "droit_d_acces_confirme",
        "Le ticket invoqué doit être une demande de droit d'accès connue, ouverte et portant sur cette caméra.",
        "droit_d_acces",
        applies=_exports_on_ticket_alone,
        passes=lambda r: _ticket_covers(r, TicketPurpose.DROIT_D_ACCES),
    ),
    Rule(
        "maintenance_sous_ticket",
        "Un technicien ne voit une image que pour un ticket de maintenance.",
        "ticket",
        applies=_maintains,
        passes=lambda r: _named(r.context.ticket_id),
    ),
    Rule(
        "ticket_confirme",
        "Le ticket de maintenance invoqué doit être connu, ouvert et porter sur cette caméra.",
        "ticket",
        applies=lambda r: _maintains(r) and _named(r.context.ticket_id),
        passes=lambda r: _ticket_covers(r, TicketPurpose.MAINTENANCE),
    ),
)
