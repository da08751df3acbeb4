"""The privacy masks that a camera keeps."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Mask:
    """A mask: corners from -1 to 1, upwards."""

    token: str
    corners: tuple[tuple[float, float], ...]
    enabled: bool


@dataclass(slots=True)
class MaskStore:
    """Masks by token; a token is never given twice."""

    masks: dict[str, Mask] = field(default_factory=dict[str, Mask])
    _made: int = 0

    def next_token(self) -> str:
        """A token that no mask of this camera had before."""
        self._made += 1
        return f"mask-{self._made}"
