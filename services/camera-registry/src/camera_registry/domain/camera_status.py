"""The life of a camera, from an idea on a map to a bare mast: which status may follow which.

``projet → etude → autorisee → en_travaux → en_service ⇄ en_panne → deposee``; planning may go back a step or be given
up, a camera under works may be given up, and what was removed stays removed: another one gets another code.
"""

from camera_registry.domain.camera import CameraInvalid
from contracts.registry import CameraStatus

_NEXT: dict[CameraStatus, frozenset[CameraStatus]] = {
    CameraStatus.PROJET: frozenset({CameraStatus.ETUDE, CameraStatus.DEPOSEE}),
    CameraStatus.ETUDE: frozenset({CameraStatus.PROJET, CameraStatus.AUTORISEE, CameraStatus.DEPOSEE}),
    CameraStatus.AUTORISEE: frozenset({CameraStatus.ETUDE, CameraStatus.EN_TRAVAUX, CameraStatus.DEPOSEE}),
    CameraStatus.EN_TRAVAUX: frozenset({CameraStatus.AUTORISEE, CameraStatus.EN_SERVICE, CameraStatus.DEPOSEE}),
    CameraStatus.EN_SERVICE: frozenset({CameraStatus.EN_PANNE, CameraStatus.EN_TRAVAUX, CameraStatus.DEPOSEE}),
    CameraStatus.EN_PANNE: frozenset({CameraStatus.EN_SERVICE, CameraStatus.EN_TRAVAUX, CameraStatus.DEPOSEE}),
    CameraStatus.DEPOSEE: frozenset(),
}

FRENCH: dict[CameraStatus, str] = {
    CameraStatus.PROJET: "projet",
    CameraStatus.ETUDE: "étude",
    CameraStatus.AUTORISEE: "autorisée",
    CameraStatus.EN_TRAVAUX: "en travaux",
    CameraStatus.EN_SERVICE: "en service",
    CameraStatus.EN_PANNE: "en panne",
    CameraStatus.DEPOSEE: "déposée",
}


class StatusRefused(CameraInvalid):
    """A status that does not follow the present one; ``allowed`` are those that do."""

    def __init__(self, present: CameraStatus, wanted: CameraStatus) -> None:
        allowed = next_statuses(present)
        steps = ", ".join(f"« {FRENCH[status]} »" for status in allowed)
        way = f"Choisissez : {steps}." if steps else "Enregistrez la nouvelle caméra sous un autre code."
        super().__init__(
            "status", f"Une caméra « {FRENCH[present]} » ne passe pas directement à « {FRENCH[wanted]} ». {way}"
        )
        self.allowed = allowed


def next_statuses(present: CameraStatus) -> tuple[CameraStatus, ...]:
    """Return the statuses that may follow, in the order of a camera's life."""
    return tuple(status for status in CameraStatus if status in _NEXT[present])


def check_step(present: CameraStatus, wanted: CameraStatus) -> None:
    """Raise StatusRefused unless the camera may take the wanted status; staying where one is changes nothing."""
    if wanted != present and wanted not in _NEXT[present]:
        raise StatusRefused(present, wanted)


def check_first(wanted: CameraStatus) -> None:
    """Raise CameraInvalid for a status in which no camera is first registered."""
    if wanted is CameraStatus.DEPOSEE:
        raise CameraInvalid("status", "Une caméra ne s'enregistre pas déjà déposée.")
