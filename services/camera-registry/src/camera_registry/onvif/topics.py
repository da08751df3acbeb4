"""Which of a camera's own events are alarms here: read from `topics.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from contracts.registry import AlarmKind


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic that is an alarm; ``state`` names the boolean item that tells whether it lasts, None: a happening."""

    name: str
    kind: AlarmKind
    state: str | None


def read_topics(text: str) -> Mapping[str, Topic]:
    """Read the table; raises ValueError for a kind that nobody knows and KeyError for a line without its members."""
    return {
        item["name"].lower(): Topic(item["name"], AlarmKind(item["kind"]), item.get("state"))
        for item in tomllib.loads(text)["topic"]
    }


TOPICS = read_topics((files("camera_registry.onvif") / "topics.toml").read_text(encoding="utf-8"))
_DEEPEST = max(name.count("/") for name in TOPICS) + 1


def topic_named(path: str) -> Topic | None:
    """Return the topic of a path such as ``tns1:VideoSource/MotionAlarm``, or None when it is no alarm here."""
    steps = [step.rpartition(":")[2].strip().lower() for step in path.strip().split("/")]
    for first in range(max(0, len(steps) - _DEEPEST), len(steps)):
        found = TOPICS.get("/".join(steps[first:]))
        if found is not None:
            return found
    return None
