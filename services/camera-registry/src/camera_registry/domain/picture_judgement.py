"""Is a picture black, blurred, frozen, or of another place? Judged against the camera's own past."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

import numpy as np

from camera_registry.domain.health_rules import PictureRules
from camera_registry.domain.picture import Grey, PictureMeasure, Plane, difference, likeness
from contracts.registry import AlarmKind

DAY, NIGHT = "jour", "nuit"
_LOW_QUARTILE = 25


@dataclass(slots=True)
class SceneMemory:
    """What a camera usually shows by day, or by night.

    ``edges`` is the mean edge map (None before the first look), ``sharpness`` and ``likenesses`` the last usual
    values, ``kept_at`` when one was last kept.
    """

    edges: Plane | None = None
    sharpness: list[float] = field(default_factory=list[float])
    likenesses: list[float] = field(default_factory=list[float])
    kept_at: datetime | None = None


@dataclass(slots=True)
class PictureMemory:
    """The past of one camera.

    ``last`` never leaves the process; ``quietest`` is the smallest difference of a live picture from the one before,
    None while unknown.
    """

    scenes: dict[str, SceneMemory] = field(default_factory=dict[str, SceneMemory])
    quietest: float | None = None
    last: Grey | None = None


@dataclass(frozen=True, slots=True)
class PictureFindings:
    """What a look showed: ``bad`` by kind (None: it cannot tell) and, where it helps, words.

    ``looks_still`` asks for two keyframes at the next look.
    """

    bad: Mapping[AlarmKind, bool | None]
    words: Mapping[AlarmKind, str]
    looks_still: bool


def judge(
    memory: PictureMemory, looks: Sequence[PictureMeasure], at: datetime, *, ptz: bool, rules: PictureRules
) -> PictureFindings:
    """Judge the keyframes of one look (the first is the oldest) and let the memory learn what is usual.

    Only what is not black is judged for focus, and only what is in focus for its view: a fault is named once. A view
    is judged where it has proved fixed; a PTZ's never is.
    """
    seen = looks[-1]
    bad: dict[AlarmKind, bool | None] = {}
    words: dict[AlarmKind, str] = {}
    still = _still(memory, looks, rules)
    black = _black(seen, rules)
    bad[AlarmKind.IMAGE_FIGEE] = None if black else still
    bad[AlarmKind.IMAGE_NOIRE] = black is not None
    if black:
        words[AlarmKind.IMAGE_NOIRE] = black
        bad |= {AlarmKind.IMAGE_FLOUE: None, AlarmKind.CAMERA_DEPLACEE: None}
        return PictureFindings(bad, words, still)
    scene = memory.scenes.setdefault(NIGHT if seen.light < rules.dim_below else DAY, SceneMemory())
    blurred = _blurred(scene, seen, ptz=ptz, rules=rules)
    moved, shift = (None, "") if ptz or blurred else _moved(scene, seen, rules)
    bad |= {AlarmKind.IMAGE_FLOUE: blurred, AlarmKind.CAMERA_DEPLACEE: moved}
    if moved:
        words[AlarmKind.CAMERA_DEPLACEE] = shift
    if not still and not blurred and not moved:
        _learn(scene, seen, at, rules)
    return PictureFindings(bad, words, still)


def _black(seen: PictureMeasure, rules: PictureRules) -> str | None:
    if seen.highlight < rules.dark_below:
        return "rien n'est éclairé dans l'image"
    if seen.spread < rules.flat_below:
        return "l'image est d'une seule teinte (objectif couvert ?)"
    return None


def _still(memory: PictureMemory, looks: Sequence[PictureMeasure], rules: PictureRules) -> bool:
    """Tell whether nothing at all changed, neither since the last look nor within this one."""
    pictures = [*([memory.last] if memory.last is not None else []), *(look.small for look in looks)]
    memory.last = looks[-1].small
    apart = [difference(one, other, rules.frozen_ignored) for one, other in pairwise(pictures)]
    if not apart:
        return False
    limit = max(rules.frozen_floor, min(rules.frozen_share * (memory.quietest or 0.0), rules.frozen_ceiling))
    still = max(apart) < limit
    if not still:
        smallest = min(one for one in apart if one >= limit)
        memory.quietest = smallest if memory.quietest is None else min(memory.quietest * 1.01, smallest)
    return still


def _blurred(scene: SceneMemory, seen: PictureMeasure, *, ptz: bool, rules: PictureRules) -> bool | None:
    if len(scene.sharpness) < rules.enough_history:
        return None
    usual = float(np.percentile(scene.sharpness, _LOW_QUARTILE))
    return seen.sharpness < usual * (rules.blurred_below_ptz if ptz else rules.blurred_below)


def _moved(scene: SceneMemory, seen: PictureMeasure, rules: PictureRules) -> tuple[bool | None, str]:
    if scene.edges is None or len(scene.likenesses) < rules.enough_history:
        return None, ""
    usual = float(np.percentile(scene.likenesses, _LOW_QUARTILE))
    if usual < rules.steady_above:
        return None, ""
    here, (right, down) = likeness(seen.edges, scene.edges)
    if here >= usual * rules.moved_below:
        return False, ""
    return True, f"la vue a bougé d'environ {abs(right):.0%} en largeur et {abs(down):.0%} en hauteur"


def _learn(scene: SceneMemory, seen: PictureMeasure, at: datetime, rules: PictureRules) -> None:
    if scene.edges is None:
        scene.edges = seen.edges
        return
    here, _ = likeness(seen.edges, scene.edges)
    weight = max(rules.reference_weight, 1 / (len(scene.likenesses) + 2))
    scene.edges = (scene.edges + weight * (seen.edges - scene.edges)).astype(np.float32)
    young = len(scene.sharpness) < rules.enough_history
    if not young and scene.kept_at is not None and (at - scene.kept_at).total_seconds() < rules.history_every_s:
        return
    scene.kept_at = at
    scene.sharpness = [*scene.sharpness, seen.sharpness][-rules.history_size :]
    scene.likenesses = [*scene.likenesses, here][-rules.history_size :]
