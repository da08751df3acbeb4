"""Register rows that access asks for about its own acts: log-ins, and machines that change or read something."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid5

from access.domain.agents import Agent
from access.domain.errors import LoginProblem
from contracts.access import RegisterEntry, RegisterResult
from contracts.envelope import CENTRE

_SOURCE = "Politique d'accès Vigie : toute connexion est tracée (arrêté du 3 août 2007, journal)"
_SERVICE_SOURCE = "Politique d'accès Vigie : portée du jeton de service"
LOGIN_LENGTH = 128


def login_entry(
    login: str,
    agent: Agent | None,
    problem: LoginProblem | None,
    *,
    entry_id: UUID,
    station: str,
    at: datetime,
    action: str = "login",
) -> RegisterEntry:
    """Return the row of a log-in or log-out; ``login`` is what the identity provider called the person."""
    paper = agent.habilitation if agent else None
    return RegisterEntry(
        entry_id=entry_id,
        at=at,
        actor_id=agent.agent_id if agent else login[:LOGIN_LENGTH],
        actor_name=agent.name if agent else login[:LOGIN_LENGTH],
        actor_role=agent.role.value if agent else "",
        habilitation_id=paper.habilitation_id if paper else None,
        organisation=agent.organisation.name if agent else "",
        action=action,
        camera_id=None,
        camera_label=None,
        insee=CENTRE,
        authorisation_id=None,
        motive_code="connexion",
        motive_text="",
        context="",
        station=station,
        window_from=None,
        window_until=None,
        recipient=None,
        result=RegisterResult.REFUSED if problem else RegisterResult.DONE,
        rule=problem.value if problem else "connexion",
        citation=_SOURCE,
    )


def service_entry(
    service: str, *, action: str, scope: str, motive_text: str, entry_id: UUID, station: str, at: datetime
) -> RegisterEntry:
    """Return the row of an act that a machine did under one of its scopes."""
    return RegisterEntry(
        entry_id=entry_id,
        at=at,
        actor_id=service,
        actor_name=service,
        actor_role="service",
        habilitation_id=None,
        organisation="Vigie",
        action=action,
        camera_id=None,
        camera_label=None,
        insee=CENTRE,
        authorisation_id=None,
        motive_code="service",
        motive_text=motive_text,
        context="",
        station=station,
        window_from=None,
        window_until=None,
        recipient=None,
        result=RegisterResult.ALLOWED,
        rule=scope,
        citation=_SERVICE_SOURCE,
    )


class GivenUp(StrEnum):
    """Why a requested row is not in the chain; the value is the rule that the register names."""

    SEAL = "sceau"
    UNREADABLE = "ligne_lisible"
    NOT_CHAINED = "ligne_chainable"


_GIVEN_UP_SOURCES = {
    GivenUp.SEAL: "Politique d'accès Vigie : une ligne du registre est scellée par le service qui agit",
    GivenUp.UNREADABLE: "Politique d'accès Vigie : une ligne du registre suit le format publié",
    GivenUp.NOT_CHAINED: "Politique d'accès Vigie : une ligne qui ne peut être chaînée est gardée en lettre morte",
}


def given_up_entry(event_id: UUID, cause: GivenUp, reason: str, *, at: datetime) -> RegisterEntry:
    """Return the row that tells of a requested row which could not be chained; it lies among the dead letters."""
    return RegisterEntry(
        entry_id=uuid5(event_id, "not chained"),
        at=at,
        actor_id="access",
        actor_name="Registre",
        actor_role="service",
        habilitation_id=None,
        organisation="Vigie",
        action="row_refused",
        camera_id=None,
        camera_label=None,
        insee=CENTRE,
        authorisation_id=None,
        motive_code="ligne_ecartee",
        motive_text=f"Ligne demandée {event_id} écartée : {reason}"[:2000],
        context=f"lettre_morte:{event_id}",
        station="local",
        window_from=None,
        window_until=None,
        recipient=None,
        result=RegisterResult.REFUSED,
        rule=cause.value,
        citation=_GIVEN_UP_SOURCES[cause],
    )
