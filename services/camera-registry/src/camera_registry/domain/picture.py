"""What one keyframe measures: light, sharpness, edges. Pure arithmetic on a small grey picture.

No face, plate or behaviour is looked for (DOMAIN §8): a picture is a plane of grey levels here.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Plane = NDArray[np.float32]

WIDTH, HEIGHT = 320, 180
"""Size that a keyframe is brought to before it is measured; its shape is not kept."""

EDGE_WIDTH, EDGE_HEIGHT = 64, 36
"""Size of the edge map: a person is one or two points of it, a face none."""

_EDGE_STEP = WIDTH // EDGE_WIDTH
_SMALL_STEP = 2


@dataclass(frozen=True, slots=True)
class PictureMeasure:
    """One look.

    ``light`` mean grey, ``spread`` its standard deviation, ``highlight`` its 98th percentile (all 0-255);
    ``sharpness`` the variance of the Laplacian over that of grey, which darkness does not change; ``edges`` the
    strength of edges on a 64 x 36 grid; ``small`` the picture at 160 x 90, to be compared with the next look.
    """

    light: float
    spread: float
    highlight: float
    sharpness: float
    edges: Plane
    small: Grey


def measure(grey: Grey) -> PictureMeasure:
    """Measure a keyframe of 180 rows by 320 columns."""
    plane = grey.astype(np.float32)
    variance = float(plane.var())
    return PictureMeasure(
        light=float(plane.mean()),
        spread=variance**0.5,
        highlight=float(np.percentile(grey, 98)),
        sharpness=_laplacian(plane) / (variance + 1.0),
        edges=_edges(_shrunk(plane, _EDGE_STEP)),
        small=np.rint(_shrunk(plane, _SMALL_STEP)).astype(np.uint8),
    )


def difference(one: Grey, other: Grey, ignored: float) -> float:
    """Return the mean difference of two small pictures in grey levels, but for the share that differs most."""
    apart = np.abs(one.astype(np.int16) - other.astype(np.int16)).ravel()
    kept = apart.size - int(apart.size * ignored)
    return float(np.partition(apart, kept - 1)[:kept].mean())


def likeness(edges: Plane, reference: Plane) -> tuple[float, tuple[float, float]]:
    """Compare two edge maps: 1 for the same view, about 0 for another one.

    Returns:
        The correlation in place, and the shift (share of width to the right, share of height downwards) at which
        they would agree best.
    """
    one, other = edges - edges.mean(), reference - reference.mean()
    norm = float(np.linalg.norm(one) * np.linalg.norm(other)) + 1e-6
    spectrum = np.fft.rfft2(one) * np.conj(np.fft.rfft2(other))
    agreement = np.fft.irfft2(spectrum, s=one.shape) / norm
    down, right = np.unravel_index(int(agreement.argmax()), agreement.shape)
    return float(agreement[0, 0]), (_signed(int(right), EDGE_WIDTH), _signed(int(down), EDGE_HEIGHT))


def _signed(place: int, size: int) -> float:
    return (place - size if place > size // 2 else place) / size


def _laplacian(plane: Plane) -> float:
    inner = 4 * plane[1:-1, 1:-1]
    around = plane[:-2, 1:-1] + plane[2:, 1:-1] + plane[1:-1, :-2] + plane[1:-1, 2:]
    return float((inner - around).var())


def _shrunk(plane: Plane, step: int) -> Plane:
    rows, columns = plane.shape
    return plane.reshape(rows // step, step, columns // step, step).mean(axis=(1, 3), dtype=np.float32)


def _edges(plane: Plane) -> Plane:
    across, along = np.zeros_like(plane), np.zeros_like(plane)
    across[:, 1:-1] = plane[:, 2:] - plane[:, :-2]
    along[1:-1] = plane[2:] - plane[:-2]
    return np.sqrt(np.hypot(across, along))  # the root keeps one bright contour from outweighing the whole view
