"""Surveyed needs (*besoins recensés*): where a camera is wanted, why, at what cost, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from camera_registry.domain.authorisation import Finalite
from camera_registry.domain.position import Position
from contracts.registry import CameraKind

PRIORITIES = (1, 2, 3)
"""1: most urgent."""

FIRST_YEAR, LAST_YEAR = 2000, 2100
MAX_COST_CENTS = 1_000_000_000_00
_REFERENCE_LENGTH = 40
_TEXT_LENGTH = 500


class NeedStatus(StrEnum):
    """Life of a need: surveyed, kept, put into a year's programme, carried out; or set aside."""

    RECENSE = "recense"
    RETENU = "retenu"
    PROGRAMME = "programme"
    REALISE = "realise"
    ECARTE = "ecarte"


NEXT: Mapping[NeedStatus, frozenset[NeedStatus]] = {
    NeedStatus.RECENSE: frozenset({NeedStatus.RETENU, NeedStatus.ECARTE}),
    NeedStatus.RETENU: frozenset({NeedStatus.RECENSE, NeedStatus.PROGRAMME, NeedStatus.ECARTE}),
    NeedStatus.PROGRAMME: frozenset({NeedStatus.RETENU, NeedStatus.REALISE, NeedStatus.ECARTE}),
    NeedStatus.REALISE: frozenset({NeedStatus.PROGRAMME}),
    NeedStatus.ECARTE: frozenset({NeedStatus.RECENSE}),
}


class WorksKind(StrEnum):
    """Works that a camera waits for."""

    FIBRE = "fibre"
    MAT = "mat"
    ENERGIE = "energie"
    GENIE_CIVIL = "genie_civil"
    FACADE = "facade"
    RADIO = "radio"
    AUTRE = "autre"


class NeedInvalid(ValueError):
    """A need that cannot be kept; the text is French and tells what to mend."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


@dataclass(frozen=True, slots=True)
class Works:
    """Works linked to a need, with their own cost in cents (taxes included)."""

    kind: WorksKind
    label: str = ""
    cost_cents: int = 0


@dataclass(frozen=True, slots=True)
class Need:
    """One surveyed need of a commune. Money in cents; ``cost_cents`` is the camera put up, without ``works``.

    ``year_fixed``: a person chose ``budget_year``, so that no proposal moves it. ``camera_id`` is the camera that
    realises it. Raises NeedInvalid.
    """

    need_id: str
    insee: str
    reference: str
    place: str
    camera_kind: CameraKind
    finalite: Finalite
    motive: str
    requested_by: str
    surveyed_on: date
    priority: int
    cost_cents: int
    position: Position | None = None
    works: tuple[Works, ...] = ()
    status: NeedStatus = NeedStatus.RECENSE
    budget_year: int | None = None
    year_fixed: bool = False
    camera_id: str | None = None
    note: str = ""
    revision: int = 0

    def __post_init__(self) -> None:
        _check_texts(self)
        _check_figures(self)
        _check_status(self)

    @property
    def total_cents(self) -> int:
        """The need with its works."""
        return self.cost_cents + sum(works.cost_cents for works in self.works)

    def changed(self, **changes: object) -> "Need":
        """Return the need with other content, as its next revision; the same one when nothing is other.

        Raises NeedInvalid, also for a status that may not follow the present one.
        """
        after = replace(self, **changes)  # pyright: ignore[reportArgumentType] - fields are named by the caller
        if after.status is not self.status and after.status not in NEXT[self.status]:
            allowed = ", ".join(sorted(status.value for status in NEXT[self.status]))
            raise NeedInvalid(
                "status",
                f"De « {self.status.value} » on ne passe pas à « {after.status.value} » (possible : {allowed}).",
            )
        return self if after == self else replace(after, revision=self.revision + 1)


def _check_texts(one: Need) -> None:
    if not one.reference.strip() or len(one.reference) > _REFERENCE_LENGTH:
        raise NeedInvalid("reference", f"Une référence a 1 à {_REFERENCE_LENGTH} caractères.")
    if not one.place.strip():
        raise NeedInvalid("place", "Dites où la caméra est demandée : une adresse ou un lieu.")
    if not one.motive.strip():
        raise NeedInvalid("motive", "Dites pourquoi la caméra est demandée.")
    for name in ("place", "motive", "requested_by", "note"):
        if len(getattr(one, name)) > _TEXT_LENGTH:
            raise NeedInvalid(name, f"{_TEXT_LENGTH} caractères au plus.")


def _check_figures(one: Need) -> None:
    if one.priority not in PRIORITIES:
        raise NeedInvalid("priority", "La priorité est 1 (la plus urgente), 2 ou 3.")
    if one.cost_cents < 0 or any(works.cost_cents < 0 for works in one.works):
        raise NeedInvalid("cost_cents", "Un coût n'est pas négatif.")
    if one.total_cents > MAX_COST_CENTS:
        raise NeedInvalid("cost_cents", "Ce coût dépasse un milliard d'euros : vérifiez l'unité (centimes).")
    if one.budget_year is not None and not FIRST_YEAR <= one.budget_year <= LAST_YEAR:
        raise NeedInvalid("budget_year", f"L'année budgétaire va de {FIRST_YEAR} à {LAST_YEAR}.")


def _check_status(one: Need) -> None:
    if one.year_fixed and one.budget_year is None:
        raise NeedInvalid("budget_year", "Choisissez l'année à figer.")
    if one.status in {NeedStatus.PROGRAMME, NeedStatus.REALISE} and one.budget_year is None:
        raise NeedInvalid("budget_year", "Un besoin programmé ou réalisé a une année budgétaire.")
    if one.status is NeedStatus.REALISE and one.camera_id is None:
        raise NeedInvalid("camera_id", "Un besoin réalisé renvoie à la caméra qui le réalise.")
