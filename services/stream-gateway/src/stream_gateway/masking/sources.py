"""Sources of cameras, given out only with exactly the masks because of which the camera may be pulled now."""

from collections.abc import Callable

from contracts.registry import CameraState
from stream_gateway.masks_to_burn import MasksDiffer
from stream_gateway.ports import CameraSource, CameraSources, SourceUnavailable

StateOf = Callable[[str], CameraState | None]
_UNKNOWN = "le registre n'a encore rien dit de cette caméra"


class MaskedSources:
    """``CameraSources`` in front of the registry's.

    ``state_of``: the newest state heard. A source that holds other masks than the state names is asked for anew, once;
    when it still does, there is no source: the state or the answer is on its way.
    """

    def __init__(self, registry: CameraSources, state_of: StateOf) -> None:
        self._registry = registry
        self._state_of = state_of

    async def get(self, camera_id: str, revision: int) -> CameraSource:
        source = await self._registry.get(camera_id, revision)
        if not self.stands(camera_id, source):
            self._registry.doubt(camera_id)
            source = await self._registry.get(camera_id, revision)
        self._check(camera_id, source)
        return source

    def doubt(self, camera_id: str) -> None:
        self._registry.doubt(camera_id)

    def stands(self, camera_id: str, source: CameraSource) -> bool:
        """Whether a pull with this source may go on: its masks are still those that the newest state names."""
        try:
            self._check(camera_id, source)
        except SourceUnavailable:
            return False
        return True

    def _check(self, camera_id: str, source: CameraSource) -> None:
        camera = self._state_of(camera_id)
        if camera is None:
            raise SourceUnavailable(_UNKNOWN)
        try:
            source.masks.check(camera)
        except MasksDiffer as error:
            raise SourceUnavailable(str(error)) from error
