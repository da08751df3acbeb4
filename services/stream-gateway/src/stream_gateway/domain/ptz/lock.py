"""Who moves a camera: one holder at a time, by rank, free again after 60 s without a command (DOMAIN §7)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

IDLE_AFTER = timedelta(seconds=60)


class Rank(IntEnum):
    """Priorities of the trade: PN/GN under a grant, then chef de salle, then opérateur, then ronde (DOMAIN §7)."""

    RONDE = 10
    OPERATEUR = 20
    CHEF_DE_SALLE = 30
    FORCES = 40


_RANKS = {
    "partenaire_pn": Rank.FORCES,
    "partenaire_gn": Rank.FORCES,
    "responsable_csu": Rank.CHEF_DE_SALLE,
    "chef_de_salle": Rank.CHEF_DE_SALLE,
    "policier_municipal": Rank.OPERATEUR,
    "operateur": Rank.OPERATEUR,
    "technicien": Rank.OPERATEUR,
}


def rank_of(role: str) -> Rank:
    """Return the priority of a role; a role nobody knows comes last.

    A partner's role counts here only after the policy let it move the camera at all, which takes a share that grants
    PTZ (``policy``, rule ``partage_nominatif``).
    """
    return _RANKS.get(role, Rank.RONDE)


class Change(StrEnum):
    """What a command did to the lock."""

    RENEWED = "renewed"
    TAKEN = "taken"
    TAKEN_OVER = "taken_over"


class ReleaseReason(StrEnum):
    """Why a lock ended without another holder."""

    IDLE = "idle"
    RELEASED = "released"
    RONDE = "ronde"


@dataclass(frozen=True, slots=True)
class Claimant:
    """Who wants to move a camera, an agent or a ronde."""

    holder_id: str
    name: str
    rank: int


class PtzHeld(Exception):
    """Somebody else moves this camera until ``free_at`` at the earliest.

    ``may_take_over``: the holder is of a lower rank, so that a take-over with a motive is possible.
    """

    def __init__(self, camera_id: str, holder_name: str, free_at: datetime, *, may_take_over: bool) -> None:
        super().__init__(f"camera {camera_id} is held by {holder_name} until {free_at.isoformat()}")
        self.camera_id = camera_id
        self.holder_name = holder_name
        self.free_at = free_at
        self.may_take_over = may_take_over


class NotHolder(Exception):
    """The agent does not hold the camera, so there is nothing of hers to release or to stop."""


@dataclass(frozen=True, slots=True)
class PtzLock:
    """The present or last holder of a camera's motors.

    ``fence`` grows with every command: what the camera is told follows it, whoever asks in whichever process.
    ``moving_until``: a continuous move was commanded, not seen stopped yet, and must not outlive this instant.
    ``gesture`` and ``gesture_order``: the holder's last gesture (a key held, a stick pushed) and how far it has come.
    ``homed_at``: the camera was sent home after this holder.
    """

    camera_id: str
    insee: str
    holder_id: str
    holder_name: str
    rank: int
    taken_at: datetime
    commanded_at: datetime
    fence: int
    moving_until: datetime | None = None
    released_at: datetime | None = None
    homed_at: datetime | None = None
    gesture: str = ""
    gesture_order: int = 0

    @property
    def free_at(self) -> datetime:
        """When it is free if nothing else is commanded; half-open, free at 60 s sharp."""
        return self.released_at or self.commanded_at + IDLE_AFTER

    def held_at(self, at: datetime) -> bool:
        """Tell whether the holder still holds."""
        return self.released_at is None and at < self.commanded_at + IDLE_AFTER

    def outdated(self, holder_id: str, gesture: str, order: int) -> bool:
        """Tell whether a command was overtaken by a later one of the same gesture (requests may pass each other)."""
        return bool(gesture) and (self.holder_id, self.gesture) == (holder_id, gesture) and order <= self.gesture_order


def take(
    lock: PtzLock | None,
    claimant: Claimant,
    *,
    camera_id: str,
    insee: str,
    at: datetime,
    insists: bool = False,
    moving_until: datetime | None = None,
    gesture: str = "",
    order: int = 0,
) -> tuple[PtzLock, Change]:
    """Return the lock after a command, and what it did.

    A ronde yields to every person without a word; a person of a lower rank is only overridden when ``insists``.

    Raises:
        PtzHeld: another one of the same or a higher rank holds the camera, or one of a lower rank unless ``insists``.
    """
    change = _change(lock, claimant, camera_id, at, insists=insists)
    fence = lock.fence + 1 if lock else 1
    if change == Change.RENEWED and lock is not None:
        renewed = replace(lock, commanded_at=at, fence=fence, moving_until=moving_until, homed_at=None)
        return replace(renewed, gesture=gesture, gesture_order=order) if gesture else renewed, change
    taken = PtzLock(
        camera_id=camera_id,
        insee=insee,
        holder_id=claimant.holder_id,
        holder_name=claimant.name,
        rank=claimant.rank,
        taken_at=at,
        commanded_at=at,
        fence=fence,
        moving_until=moving_until,
        gesture=gesture,
        gesture_order=order,
    )
    return taken, change


def _change(lock: PtzLock | None, claimant: Claimant, camera_id: str, at: datetime, *, insists: bool) -> Change:
    if lock is None or not lock.held_at(at):
        return Change.TAKEN
    if lock.holder_id == claimant.holder_id:
        return Change.RENEWED
    lower = lock.rank < claimant.rank
    if lower and (insists or lock.rank <= Rank.RONDE):
        return Change.TAKEN_OVER
    raise PtzHeld(camera_id, lock.holder_name, lock.free_at, may_take_over=lower)


def released(lock: PtzLock | None, *, holder_id: str, at: datetime) -> PtzLock:
    """Return the lock after its holder let go; raises NotHolder."""
    if lock is None or lock.holder_id != holder_id or not lock.held_at(at):
        raise NotHolder(holder_id)
    return replace(lock, released_at=at)


def released_if_idle(lock: PtzLock | None, at: datetime) -> PtzLock | None:
    """Return the lock let go for want of commands, None when there is nothing to let go."""
    if lock is None or lock.released_at is not None or lock.held_at(at):
        return None
    return replace(lock, released_at=lock.free_at)
