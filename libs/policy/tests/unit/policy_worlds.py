"""Whole worlds: what nobody may ever get, and every rule of the table earning its place.

A *sound* world is one in which the policy allows the action. A fault breaks one thing in it. The prohibitions are
written from the law and the domain, not from the table of rules, so that the table can be judged by them.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from policy import (
    LIVE_ACTIONS,
    Action,
    Agent,
    Authorisation,
    Camera,
    CameraStatus,
    Context,
    Incident,
    OperatingMode,
    OrganisationKind,
    Role,
    Share,
    Ticket,
    TicketPurpose,
    TownRules,
    Window,
)
from policy.rules import Request

AT = datetime(2026, 6, 1, 22, 0, tzinfo=UTC)
DAY = timedelta(days=1)
HERE, ELSEWHERE = "95598", "95210"
ROOM_ONLY = TownRules(replay_roles=frozenset({"agent_relecture"}))

EMPLOYERS = {
    Role.POLICIER_MUNICIPAL: OrganisationKind.POLICE_MUNICIPALE,
    Role.PARTENAIRE_PN: OrganisationKind.POLICE_NATIONALE,
    Role.PARTENAIRE_GN: OrganisationKind.GENDARMERIE,
    Role.PARTENAIRE_SDIS: OrganisationKind.SDIS,
    Role.PARTENAIRE_CROIX_ROUGE: OrganisationKind.ASSOCIATION,
    Role.AUDITEUR: OrganisationKind.AUTORITE,
}


def sound(role: Role, action: Action) -> Request:
    """Return a question in which nothing but the role and the action could stand in the way."""
    kind = EMPLOYERS.get(role, OrganisationKind.COLLECTIVITE)
    agent = Agent("a", "A", role, "org", "Org", kind, frozenset({HERE}), "H-1", AT - DAY, AT + DAY, active=True)
    arrete = Authorisation("A-1", "2026-1", AT - DAY, AT + DAY, recipients=frozenset(OrganisationKind))
    camera = Camera("c1", "Gare", HERE, "en_service", has_ptz=True, masks_signed=True, authorisation=arrete)
    purpose = TicketPurpose.DROIT_D_ACCES if action is Action.EXPORT else TicketPurpose.MAINTENANCE
    context = Context(
        incident_id="i",
        ticket_id="t",
        share=Share("s", "a", frozenset({"c1"}), Window(AT, AT + timedelta(minutes=60)), grants_ptz=True),
        incident=Incident("i", HERE, frozenset({"c1"}), AT - DAY),
        ticket=Ticket("t", frozenset({"c1"}), AT - DAY, purpose=purpose),
    )
    return Request(agent, action, camera, context, AT)


@dataclass(frozen=True)
class Fault:
    """One thing broken, and the rule that must name it."""

    rule: str
    happens: Callable[[Request], Request]


def of_agent(**changes: object) -> Callable[[Request], Request]:
    return lambda r: replace(r, agent=replace(r.agent, **changes))  # pyright: ignore[reportArgumentType]


def of_camera(**changes: object) -> Callable[[Request], Request]:
    return lambda r: replace(r, camera=r.camera and replace(r.camera, **changes))  # pyright: ignore[reportArgumentType]


def of_arrete(**changes: object) -> Callable[[Request], Request]:
    def happens(r: Request) -> Request:
        arrete = r.authorisation
        broken = replace(arrete, **changes) if arrete else None  # pyright: ignore[reportArgumentType]
        return replace(r, camera=r.camera and replace(r.camera, authorisation=broken))

    return happens


def of_context(**changes: object) -> Callable[[Request], Request]:
    return lambda r: replace(r, context=replace(r.context, **changes))  # pyright: ignore[reportArgumentType]


FAULTS = [
    Fault("agent_actif", of_agent(active=False)),
    Fault("habilitation_valide", of_agent(habilitation_until=AT)),
    Fault("habilitation_valide", of_agent(habilitation_id=None)),
    Fault("agrement_en_vigueur", of_agent(agrement_until=AT)),
    Fault("agrement_en_vigueur", of_agent(agrement_from=AT + timedelta(microseconds=1), agrement_until=AT + DAY)),
    Fault("commune_de_l_employeur", of_agent(communes=frozenset({ELSEWHERE}))),
    Fault("association_sans_image", of_agent(organisation_kind="association")),
    Fault("role_autorise", of_agent(role="inconnu")),
    Fault("salle_de_relecture", lambda r: replace(r, town=ROOM_ONLY)),
    Fault("droits_a_jour", lambda r: replace(r, silence=timedelta(minutes=16))),
    Fault("camera_connue", lambda r: replace(r, camera=None)),
    Fault("autorisation_en_vigueur", of_camera(authorisation=None)),
    Fault("autorisation_en_vigueur", of_arrete(valid_until=AT)),
    Fault("autorisation_ou_requisition", of_arrete(valid_until=AT)),
    Fault("destinataire_inscrit", of_arrete(recipients=frozenset[str]())),
    Fault("destinataire_inscrit", of_agent(organisation_kind="autorite")),
    Fault("mode_d_exploitation", of_arrete(mode=OperatingMode.EVENEMENT)),
    Fault("mode_d_exploitation", of_arrete(mode="AUTRE")),
    Fault("masques_signes", of_camera(masks_signed=False)),
    Fault("camera_en_service", of_camera(status=CameraStatus.EN_PANNE)),
    Fault("camera_orientable", of_camera(has_ptz=False)),
    Fault("partage_nominatif", of_context(share=None)),
    Fault("relecture_en_contexte", of_context(incident_id=" ")),
    Fault("incident_confirme", of_context(incident=None)),
    Fault("incident_confirme", of_context(incident=Incident("i", ELSEWHERE, frozenset({"c9"}), AT - DAY))),
    Fault("extraction_en_contexte", of_context(ticket_id=None)),
    Fault("droit_d_acces_confirme", of_context(ticket=None)),
    Fault("maintenance_sous_ticket", of_context(ticket_id=None)),
    Fault("ticket_confirme", of_context(ticket=Ticket("t", frozenset({"c9"}), AT - DAY))),
]


def _has_ticket(r: Request) -> bool:
    named, ticket = r.context.ticket_id, r.context.ticket
    return bool(named and ticket and ticket.closed_at is None and r.camera and r.camera.camera_id in ticket.camera_ids)


PROHIBITIONS: dict[str, Callable[[Request], bool]] = {
    "an image for an association": lambda r: r.agent.organisation_kind == "association",
    "an image for the Red Cross": lambda r: r.agent.role == "partenaire_croix_rouge",
    "an image for an account taken back": lambda r: not r.agent.active,
    "an image without a habilitation of that second": lambda r: (
        not (
            r.agent.habilitation_id
            and r.agent.habilitation_from
            and r.agent.habilitation_until
            and r.agent.habilitation_from <= r.at < r.agent.habilitation_until
        )
    ),
    "an image after the agrément": lambda r: bool(r.agent.agrement_until and r.agent.agrement_until <= r.at),
    "an image before the agrément": lambda r: bool(r.agent.agrement_from and r.at < r.agent.agrement_from),
    "an image of no camera": lambda r: r.camera is None,
    "an image of a commune of others": lambda r: r.camera is not None and r.camera.insee not in r.agent.communes,
    "a look at this second without an arrêté in force": lambda r: (
        r.action in LIVE_ACTIONS | {Action.MASK_STILL}
        and (r.authorisation is None or not r.authorisation.valid_from <= r.at < r.authorisation.valid_until)
    ),
    "a replay without arrêté nor réquisition": lambda r: (
        not r.context.requisition_id
        and (r.authorisation is None or not r.authorisation.valid_from <= r.at < r.authorisation.valid_until)
    ),
    "an image for who is no recipient": lambda r: (
        r.agent.organisation_kind != "collectivite"
        and (r.authorisation is None or r.agent.organisation_kind not in r.authorisation.recipients)
    ),
    "an image outside the mode, but for one picture to draw masks on": lambda r: (
        r.action is not Action.MASK_STILL
        and not r.context.requisition_id
        and (r.authorisation is not None and r.authorisation.mode not in {"DIRECT", "EVENEMENT"})
    ),
    "live of private windows": lambda r: r.action in LIVE_ACTIONS and not (r.camera and r.camera.masks_signed),
    "an operator's replay for no known incident": lambda r: (
        r.agent.role == "operateur"
        and r.action is Action.REPLAY
        and not r.context.requisition_id
        and not (
            r.context.incident_id and r.context.incident and r.camera and r.context.incident.concerns(r.camera, r.at)
        )
    ),
    "a technician's image without an open ticket": lambda r: r.agent.role == "technicien" and not _has_ticket(r),
    "a partner's live without a share": lambda r: (
        r.agent.role in {"partenaire_pn", "partenaire_gn", "partenaire_sdis"}
        and r.action in LIVE_ACTIONS
        and r.context.share is None
    ),
    "a replay outside the replay room": lambda r: (
        r.action is Action.REPLAY and r.town.replay_roles is not None and r.agent.role not in r.town.replay_roles
    ),
    "an image while revocations cannot arrive": lambda r: r.silence > r.town.silence_allowed,
    "a role nobody knows": lambda r: r.agent.role not in set(Role),
    "an employer nobody knows": lambda r: r.agent.organisation_kind not in set(OrganisationKind),
}

worlds = st.builds(
    lambda role, action, faults, requisition: _broken(sound(role, action), faults, requisition),
    st.sampled_from(list(Role)),
    st.sampled_from(list(Action)),
    st.lists(st.sampled_from(FAULTS), max_size=3),
    st.booleans(),
)


def _broken(request: Request, faults: list[Fault], requisition: bool) -> Request:  # noqa: FBT001 - drawn
    for fault in faults:
        request = fault.happens(request)
    return of_context(requisition_id="r")(request) if requisition else request


def prohibited(request: Request) -> list[str]:
    return [name for name, holds in PROHIBITIONS.items() if holds(request)] if request.wants_image else []
