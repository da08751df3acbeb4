"""Which masks a camera's pictures carry, and whether those are the ones that its state promises."""

from dataclasses import dataclass

from contracts.registry import CameraState
from stream_gateway.domain.moving_masks import MovingMasks
from stream_gateway.media import MaskedArea

_DARK = "les masques de cette caméra ne sont pas en vigueur"
_OTHERS = "les masques de cette caméra viennent de changer, ils seront redemandés"


class MasksDiffer(Exception):
    """The camera may not be pulled with these masks now; the text is a French sentence."""


@dataclass(frozen=True, slots=True)
class MasksToBurn:
    """What hides in every picture of a camera; ``revision`` empty: nothing is the media plane's to hide."""

    revision: str = ""
    fixed: tuple[MaskedArea, ...] = ()
    moving: MovingMasks | None = None

    def check(self, camera: CameraState) -> None:
        """Make sure that these are the masks because of which the camera may be watched now.

        Called before each pull, with the newest state heard; a pull under way is closed as soon as a state names
        another revision. Raises MasksDiffer.
        """
        if not camera.masks_in_force:
            raise MasksDiffer(_DARK)
        promised = camera.masks_revision if camera.masks_by_media_plane else ""
        hides = bool(self.fixed) or self.moving is not None
        if self.revision != promised or not bool(promised) == hides == camera.masks_by_media_plane:
            raise MasksDiffer(_OTHERS)


NO_MASKS = MasksToBurn()
