"""Reads ``health_rules.toml``: thresholds with their reasons, legal minima with their citation."""

import tomllib
from datetime import timedelta
from functools import cache
from importlib import resources
from typing import Any

from camera_registry.domain.health_rules import (
    ClockRule,
    DampingRule,
    HealthRules,
    HysteresisRule,
    Minimum,
    PictureRules,
)
from contracts.registry import AlarmKind


@cache
def health_rules() -> HealthRules:
    """Return the rules that ship with the service."""
    text = resources.files("camera_registry").joinpath("health_rules.toml").read_text(encoding="utf-8")
    table: dict[str, Any] = tomllib.loads(text)
    raised = frozenset(AlarmKind(kind) for kind in table["alarms"]["raised"])
    damping = {name: _damping(rule) for name, rule in table["damping"].items()}
    return HealthRules(
        minima={minimum["name"]: Minimum(**minimum) for minimum in table["minimum"]},
        narrow_below_deg=table["field_of_view"]["narrow_below_deg"],
        narrow_when_unknown=frozenset(table["field_of_view"]["narrow_when_unknown"]),
        rate_tolerance=table["rate"]["tolerance"],
        picture=PictureRules(**table["picture"]),
        hysteresis={AlarmKind(kind): _hysteresis(rule) for kind, rule in table["hysteresis"].items()},
        damping={kind: damping.get(kind.value, damping["picture"]) for kind in raised},
        raised=raised,
        clock=ClockRule(**table["clock"]),
    )


def _hysteresis(rule: dict[str, Any]) -> HysteresisRule:
    return HysteresisRule(rule["on_after"], timedelta(seconds=rule["on_span_s"]), rule["off_after"])


def _damping(rule: dict[str, Any]) -> DampingRule:
    return DampingRule(
        after=timedelta(seconds=rule["after_s"]),
        flaps=rule["flaps"],
        flaps_within=timedelta(seconds=rule["flaps_within_s"]),
        end_after=timedelta(seconds=rule["end_after_s"]),
    )
