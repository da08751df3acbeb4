"""What the registry says must be burnt in."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from stream_gateway.domain.moving_masks import Area, HeadPosition, MovingMasks, Pinhole, SignedView
from stream_gateway.masks_to_burn import NO_MASKS, MasksToBurn
from stream_gateway.media import MaskedArea

_NEVER = datetime.min.replace(tzinfo=UTC)


def masks_from(camera_id: str, body: Mapping[str, Any]) -> MasksToBurn:
    """Read the member ``masks`` of the registry's source answer; an answer without one is of an older registry.

    A camera that turns shows nothing but its signed views until its head is measured. Raises ValueError, KeyError,
    TypeError.
    """
    told: Mapping[str, Any] = body.get("masks") or {}
    revision, views = str(told.get("revision", "")), told.get("views", ())
    if not revision:
        return NO_MASKS
    if told["turns"]:
        signed = tuple(_view(view["aim"], view["polygons"]) for view in views if view["aim"] is not None)
        unaimed = any(view["aim"] is None and view["polygons"] for view in views)
        head = told.get("head")
        optics = _optics(head) if head else None
        moving = MovingMasks(camera_id, () if unaimed else signed, None if unaimed else optics)
        return MasksToBurn(revision, (), moving)
    return MasksToBurn(revision, tuple(MaskedArea(_area(one)) for view in views for one in view["polygons"]))


def _view(aim: Sequence[float], polygons: Sequence[Sequence[Sequence[float]]]) -> SignedView:
    pan, tilt, zoom = (float(value) for value in aim)
    return SignedView(HeadPosition(pan, tilt, zoom, _NEVER), tuple(_area(one) for one in polygons))


def _area(corners: Sequence[Sequence[float]]) -> Area:
    area = tuple((float(x), float(y)) for x, y in corners)
    if len(area) < 3 or not all(0.0 <= value <= 1.0 for corner in area for value in corner):  # noqa: PLR2004
        raise ValueError("an area that is none")
    return area


def _optics(head: Mapping[str, Any]) -> Pinhole:
    return Pinhole(
        pan_degrees=float(head["pan_degrees"]),
        tilt_degrees=float(head["tilt_degrees"]),
        openings=tuple((float(zoom), float(degrees)) for zoom, degrees in head["openings"]),
        aspect=float(head["aspect"]),
        level_tilt=float(head["level_tilt"]),
    )
