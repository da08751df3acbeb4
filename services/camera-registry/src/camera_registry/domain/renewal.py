"""The file that asks the préfet for the next arrêté (*dossier de renouvellement*)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from camera_registry.domain.authorisation import Authorisation

DUE_DAYS = 120
"""Days before the end at which the file is due at the préfecture (DOMAIN §2)."""

USUAL_PIECES = (
    "Formulaire de demande",
    "Rapport de présentation (finalités et techniques)",
    "Plan de masse ou périmètre vidéoprotégé",
    "Plan de détail des caméras et de leur champ",
    "Description du traitement des images",
    "Mesures de sécurité et durée de conservation",
    "Modalités d'information du public",
    "Consignes et liste des personnes habilitées",
    "Délibération ou décision de l'autorité",
)
"""What a préfecture usually asks for; the list is a starting point that people change."""


class RenewalState(StrEnum):
    """Life of a file: made ready, handed in, found complete, then granted or refused."""

    A_PREPARER = "a_preparer"
    EN_CONSTITUTION = "en_constitution"
    DEPOSEE = "deposee"
    COMPLETE = "complete"
    ACCORDEE = "accordee"
    REFUSEE = "refusee"


NEXT: Mapping[RenewalState, frozenset[RenewalState]] = {
    RenewalState.A_PREPARER: frozenset({RenewalState.EN_CONSTITUTION}),
    RenewalState.EN_CONSTITUTION: frozenset({RenewalState.DEPOSEE}),
    RenewalState.DEPOSEE: frozenset({RenewalState.COMPLETE, RenewalState.EN_CONSTITUTION, RenewalState.REFUSEE}),
    RenewalState.COMPLETE: frozenset({RenewalState.ACCORDEE, RenewalState.REFUSEE}),
    RenewalState.ACCORDEE: frozenset(),
    RenewalState.REFUSEE: frozenset({RenewalState.EN_CONSTITUTION}),
}
"""Which state may follow which; a file handed in may come back for a missing piece, a refused one be made again."""

HANDED_IN = frozenset({RenewalState.DEPOSEE, RenewalState.COMPLETE, RenewalState.ACCORDEE})


class RenewalInvalid(ValueError):
    """A step that the file cannot take; the text is French and tells what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of the file; ``document_id`` where its scan is kept here."""

    label: str
    ready: bool = False
    document_id: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the file's history: the state it entered (or stayed in, for a note), on which day, by whom.

    ``on`` is the day of the fact itself (of the deposit, of the préfecture's receipt), ``at`` when it was written.
    """

    state: RenewalState
    on: date
    at: datetime
    by: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Renewal:
    """The renewal file of one arrêté. ``receipt`` is the préfecture's number; ``successor_id`` the new arrêté."""

    authorisation_id: str
    state: RenewalState = RenewalState.A_PREPARER
    pieces: tuple[Piece, ...] = tuple(Piece(label) for label in USUAL_PIECES)
    steps: tuple[Step, ...] = ()
    receipt: str = ""
    successor_id: str | None = None
    revision: int = 0

    def entering(self, state: RenewalState, step: Step, successor: Authorisation | None = None) -> "Renewal":
        """Return the file in its next state; raises RenewalInvalid.

        To be granted it names the new arrêté, which starts another one: not this one, over the same ground.
        """
        if state not in NEXT[self.state]:
            allowed = ", ".join(sorted(one.value for one in NEXT[self.state])) or "aucun"
            raise RenewalInvalid(
                "state", f"De « {self.state.value} » on ne passe pas à « {state.value} » (possible : {allowed})."
            )
        if (state is RenewalState.ACCORDEE) != (successor is not None):
            raise RenewalInvalid("successor_id", "Nommez le nouvel arrêté pour un dossier accordé, et seulement alors.")
        return replace(
            self,
            state=state,
            steps=(*self.steps, step),
            successor_id=successor.authorisation_id if successor else None,
            revision=self.revision + 1,
        )

    def noted(self, step: Step) -> "Renewal":
        """Return the file with one more dated note."""
        return replace(self, steps=(*self.steps, step), revision=self.revision + 1)

    def with_pieces(self, pieces: tuple[Piece, ...], receipt: str) -> "Renewal":
        """Return the file with another list of pieces and receipt number."""
        return replace(self, pieces=pieces, receipt=receipt, revision=self.revision + 1)


def due_at(one: Authorisation) -> datetime:
    """Return when the renewal file of an arrêté is due at the préfecture."""
    return one.valid_until - timedelta(days=DUE_DAYS)


def overdue(one: Authorisation, renewal: Renewal | None, at: datetime) -> bool:
    """Tell whether the file should have been handed in by now."""
    handed_in = renewal is not None and renewal.state in HANDED_IN
    return at >= due_at(one) and not handed_in


def check_successor(one: Authorisation, successor: Authorisation) -> None:
    """Raise RenewalInvalid unless ``successor`` can take over from ``one``: later, and over a same commune."""
    if successor.authorisation_id == one.authorisation_id or successor.valid_until <= one.valid_until:
        raise RenewalInvalid("successor_id", "Le nouvel arrêté finit après l'ancien et porte un autre identifiant.")
    if not set(successor.communes) & set(one.communes):
        raise RenewalInvalid("successor_id", "Le nouvel arrêté ne couvre aucune commune de l'ancien.")


def gap(one: Authorisation, successor: Authorisation) -> timedelta:
    """Return how long no arrêté stands between the two: nothing may be watched or recorded meanwhile."""
    return max(successor.valid_from - one.valid_until, timedelta(0))
