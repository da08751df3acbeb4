"""Who moves a camera: one holder at a time, by rank, free again after 60 s without a command (DOMAIN §7)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

IDLE_AFTER = timedelta(seconds=60)

_RANKS = {
    "partenaire_pn": 40,
    "partenaire_gn": 40,
    "responsable_csu": 30,
    "chef_de_salle": 30,
    "policier_municipal": 20,
    "operateur": 20,
    "technicien": 20,
}
_PATROL_RANK = 10


class PtzHeld(Exception):
    """Somebody of the same or a higher rank moves this camera until ``free_at`` at the earliest."""

    def __init__(self, camera_id: str, holder_name: str, free_at: datetime) -> None:
        super().__init__(f"camera {camera_id} is held by {holder_name} until {free_at.isoformat()}")
        self.camera_id = camera_id
        self.holder_name = holder_name
        self.free_at = free_at


@dataclass(frozen=True, slots=True)
class PtzLock:
    """The present or last holder of a camera's motors."""

    camera_id: str
    holder_id: str
    holder_name: str
    rank: int
    commanded_at: datetime

    def held_at(self, at: datetime) -> bool:
        """Tell whether the holder still holds; half-open, free at 60 s sharp."""
        return at < self.commanded_at + IDLE_AFTER


def rank_of(role: str) -> int:
    """Return the priority of a role: PN/GN under a grant, then chef de salle, then opérateur, then ronde."""
    return _RANKS.get(role, _PATROL_RANK)


def take(
    lock: PtzLock | None, *, camera_id: str, agent_id: str, agent_name: str, role: str, at: datetime
) -> tuple[PtzLock, bool]:
    """Return the lock after this command, and whether it is a take-over that the register must show.

    Raises:
        PtzHeld: another agent of the same or a higher rank holds the camera.
    """
    rank = rank_of(role)
    held = lock is not None and lock.held_at(at)
    if lock is not None and held and lock.holder_id != agent_id and lock.rank >= rank:
        raise PtzHeld(camera_id, lock.holder_name, lock.commanded_at + IDLE_AFTER)
    takes_over = lock is None or not held or lock.holder_id != agent_id
    return PtzLock(camera_id, agent_id, agent_name, rank, at), takes_over
