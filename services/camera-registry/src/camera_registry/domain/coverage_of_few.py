"""Which cameras get or lose a place of an arrêté when a few cameras change: the rest of the register stays unread.

Exact, not approximate: `coverage` over the whole register gives the same answer (a property test holds both together).
Only arrêtés that name the communes of the changed cameras are concerned; under each of them a place may pass to a
neighbour; and the neighbour is then judged with every arrêté of its own commune.
"""

from collections.abc import Iterable, Mapping, Sequence

from camera_registry.domain.authorisation import Authorisation, places
from camera_registry.domain.camera import Camera
from camera_registry.domain.position import Area


def needs_roll(authorisation: Authorisation, counted: int, changed: int) -> bool:
    """Tell whether the other cameras matter to who holds a place.

    ``counted`` cameras stand in its communes and ``changed`` ones change: as long as all of them together do not
    exceed the authorised number, everyone inside the perimeter holds a place, whoever else is there.
    """
    return counted + changed > authorisation.camera_count


def holders(
    authorisation: Authorisation, roll: Sequence[Camera], changed: Mapping[str, Camera], contours: Mapping[str, Area]
) -> frozenset[str]:
    """Return who holds a place, ``changed`` cameras taken as they are now. ``roll``: see `needs_roll`; may be empty."""
    others = [camera for camera in roll if camera.camera_id not in changed]
    return places(authorisation, [*others, *changed.values()], contours)


def shaken(
    authorisations: Iterable[Authorisation],
    rolls: Mapping[str, Sequence[Camera]],
    before: Mapping[str, Camera],
    after: Mapping[str, Camera],
    contours: Mapping[str, Area],
) -> frozenset[str]:
    """Return the ids of the cameras that get or lose a place of one of the arrêtés.

    ``before`` and ``after``: the changed cameras by id (a new one is in ``after`` only). ``rolls``: by authorisation
    id, the cameras of its communes, for the arrêtés that need them.
    """
    found: set[str] = set()
    for one in authorisations:
        roll = [camera for camera in rolls.get(one.authorisation_id, ()) if camera.camera_id not in after]
        found |= holders(one, roll, before, contours) ^ holders(one, roll, after, contours)
    return frozenset(found)
