"""Errors of the domain: each states a fact and carries what it is about."""

from datetime import datetime
from enum import StrEnum

from contracts.access import OrganisationKind, Role


class AccessError(Exception):
    """A command that the domain refuses; the message is a French sentence for the person who asked."""


class AgentUnknown(AccessError):
    """No agent has this identifier."""

    def __init__(self, agent_id: str) -> None:
        self.agent_id = agent_id
        super().__init__(f"L'agent « {agent_id} » n'existe pas.")


class AgentExists(AccessError):
    """Another agent already has this identifier."""

    def __init__(self, agent_id: str) -> None:
        self.agent_id = agent_id
        super().__init__(f"L'agent « {agent_id} » existe déjà avec d'autres données.")


class AgentAlreadyRevoked(AccessError):
    """A revoked agent cannot be revoked again."""

    def __init__(self, agent_id: str) -> None:
        self.agent_id = agent_id
        super().__init__(f"L'agent « {agent_id} » est déjà révoqué.")


class OwnRevocation(AccessError):
    """An agent cannot revoke their own account: the last administrator would lock everybody out."""

    def __init__(self, agent_id: str) -> None:
        self.agent_id = agent_id
        super().__init__("Un autre administrateur doit révoquer ce compte.")


class OwnChange(AccessError):
    """An agent cannot give themselves another role, employer, territory or paper."""

    def __init__(self, agent_id: str) -> None:
        self.agent_id = agent_id
        super().__init__(
            "Un autre administrateur doit modifier votre rôle, votre employeur, vos communes, votre habilitation ou "
            "votre agrément."
        )


class RoleNotOfEmployer(AccessError):
    """The kind of organisation decides what its people can be (an association never gets an image)."""

    def __init__(self, agent_id: str, role: Role, kind: OrganisationKind) -> None:
        super().__init__(
            f"« {agent_id} » ne peut pas être « {role.value} » : un employeur de nature « {kind.value} » "
            "n'ouvre pas ce rôle."
        )


class OrganisationUnknown(AccessError):
    """No organisation has this identifier."""

    def __init__(self, organisation_id: str) -> None:
        self.organisation_id = organisation_id
        super().__init__(f"L'organisation « {organisation_id} » n'existe pas : créez-la d'abord.")


class CommunesOutsideEmployer(AccessError):
    """An agent cannot be given a commune that is not of the employer's territory (L.132-14 CSI)."""

    def __init__(self, agent_id: str, communes: frozenset[str]) -> None:
        self.communes = communes
        super().__init__(
            f"Ces communes ne font pas partie du territoire de l'employeur de « {agent_id} » : "
            f"{', '.join(sorted(communes))}."
        )


class HabilitationEmpty(AccessError):
    """A habilitation must last: its end comes after its start."""

    def __init__(self, habilitation_id: str, valid_from: datetime, valid_until: datetime) -> None:
        self.habilitation_id = habilitation_id
        super().__init__(
            f"L'habilitation « {habilitation_id} » finit ({valid_until:%d/%m/%Y}) avant de commencer "
            f"({valid_from:%d/%m/%Y})."
        )


class HabilitationTaken(AccessError):
    """A habilitation identifier names one paper of one agent, for ever."""

    def __init__(self, habilitation_id: str) -> None:
        self.habilitation_id = habilitation_id
        super().__init__(f"L'habilitation « {habilitation_id} » existe déjà : donnez-lui un autre numéro.")


class AgrementTaken(AccessError):
    """An agrément's number names one paper of one agent, for ever."""

    def __init__(self, number: str) -> None:
        super().__init__(f"L'agrément « {number} » existe déjà avec d'autres dates ou pour un autre agent.")


class TrainingInFuture(AccessError):
    """A training is recorded once it took place."""

    def __init__(self) -> None:
        super().__init__("Une formation s'inscrit une fois suivie : sa date est passée ou d'aujourd'hui.")


class LoginProblem(StrEnum):
    """Why nobody was let in; the value is what the log-in page receives as ``?erreur=``."""

    COMPTE_INCONNU = "compte-inconnu"
    COMPTE_REVOQUE = "compte-revoque"
    HABILITATION_EXPIREE = "habilitation-expiree"
    CONNEXION_REFUSEE = "connexion-refusee"
    CONNEXION_EXPIREE = "connexion-expiree"
    FOURNISSEUR_INDISPONIBLE = "fournisseur-indisponible"
    SESSION_TERMINEE = "session-terminee"


class LoginRefused(AccessError):
    """The person may not come in, or may not stay."""

    def __init__(self, problem: LoginProblem) -> None:
        self.problem = problem
        super().__init__(problem.value)
