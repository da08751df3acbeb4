"""The figures that health is judged by. Their values and reasons are data: ``health_rules.toml``."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from contracts.registry import AlarmKind


@dataclass(frozen=True, slots=True)
class Minimum:
    """The least a recorded stream must have; pixels, pictures per second, seconds between keyframes."""

    name: str
    label: str
    width: int
    height: int
    fps: float
    max_gop_s: float
    citation: str


@dataclass(frozen=True, slots=True)
class PictureRules:
    """When a picture is dark, flat, blurred, moved or frozen; grey levels run from 0 to 255."""

    dark_below: float
    flat_below: float
    dim_below: float
    enough_history: int
    history_size: int
    history_every_s: float
    blurred_below: float
    blurred_below_ptz: float
    steady_above: float
    moved_below: float
    reference_weight: float
    frozen_floor: float
    frozen_share: float
    frozen_ceiling: float
    frozen_ignored: float


@dataclass(frozen=True, slots=True)
class HysteresisRule:
    """A trouble begins after ``on_after`` looks in a row over ``on_span`` or more, ends after ``off_after``."""

    on_after: int
    on_span: timedelta
    off_after: int


@dataclass(frozen=True, slots=True)
class DampingRule:
    """An alarm begins when a trouble lasts ``after`` or comes ``flaps`` times within ``flaps_within``.

    It ends once the trouble has been away for ``end_after``.
    """

    after: timedelta
    flaps: int
    flaps_within: timedelta
    end_after: timedelta


@dataclass(frozen=True, slots=True)
class ClockRule:
    """Seconds by which a camera's clock may be off; see ``health_rules.toml``."""

    wrong_above_s: float
    right_below_s: float
    believed_below_s: float


@dataclass(frozen=True, slots=True)
class HealthRules:
    """All of it. ``damping`` knows every kind of ``raised``; ``hysteresis`` every kind that is judged by looks."""

    minima: Mapping[str, Minimum]
    narrow_below_deg: float
    narrow_when_unknown: frozenset[str]
    rate_tolerance: float
    picture: PictureRules
    hysteresis: Mapping[AlarmKind, HysteresisRule]
    damping: Mapping[AlarmKind, DampingRule]
    raised: frozenset[AlarmKind]
    clock: ClockRule
