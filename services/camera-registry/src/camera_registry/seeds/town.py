"""A town as its TOML file describes it."""

import json
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from importlib.resources.abc import Traversable
from zoneinfo import ZoneInfo

from camera_registry.domain.position import Area
from contracts.registry import CameraKind, OperatingMode

_PARIS = ZoneInfo("Europe/Paris")
TOWNS = ("plaine-vallee", "valenciennes", "lievin", "bethune")


@dataclass(frozen=True, slots=True)
class TownCommune:
    """A commune of a town: how many points d'implantation; ``ends_in_days`` of its arrêté where data says so.

    ``partner_watermark``: its arrêté asks for a watermark in what outside recipients see.
    """

    insee: str
    name: str
    sites: int
    contour: Area
    ends_in_days: int | None
    partner_watermark: bool


@dataclass(frozen=True, slots=True)
class YearlyEvent:
    """An event that comes back every year, in the civil time of Paris: ``07-14T18:00`` to ``07-15T02:00``."""

    name: str
    since: str
    until: str

    def begins(self, year: int) -> datetime:
        """Return its beginning in a year."""
        return _in_paris(year, self.since)

    def ends(self, year: int) -> datetime:
        """Return its end; an event that passes the New Year ends in the next one."""
        return _in_paris(year if self.until > self.since else year + 1, self.until)


@dataclass(frozen=True, slots=True)
class Town:
    """A town: who belongs to it, how many cameras of which kind, under which kind of arrêté.

    ``events``: when an arrêté of mode EVENEMENT lets images be watched live; outside, only a réquisition opens them.
    """

    slug: str
    title: str
    prefix: str
    arrete_prefix: str
    retention_days: int
    mode: OperatingMode
    events: tuple[YearlyEvent, ...]
    live_first: tuple[str, ...]
    cameras: dict[CameraKind, int]
    communes: tuple[TownCommune, ...]


def load_town(slug: str) -> Town:
    """Read a town of `TOWNS` from the package."""
    folder = files("camera_registry.seeds")
    document = tomllib.loads((folder / "towns" / f"{slug}.toml").read_text(encoding="utf-8"))
    contours = _contours(folder / "contours" / document["contours"])
    communes = tuple(
        TownCommune(
            insee=entry["insee"],
            name=entry["name"],
            sites=entry["sites"],
            contour=contours[entry["insee"]],
            ends_in_days=entry.get("ends_in_days"),
            partner_watermark=entry.get("partner_watermark", False),
        )
        for entry in document["communes"]
    )
    return Town(
        slug=slug,
        title=document["title"],
        prefix=document["prefix"],
        arrete_prefix=document["arrete_prefix"],
        retention_days=document["retention_days"],
        mode=OperatingMode(document["mode"]),
        events=tuple(YearlyEvent(one["name"], one["from"], one["until"]) for one in document.get("events", [])),
        live_first=tuple(document["live_first"]),
        cameras={CameraKind(kind): count for kind, count in document["cameras"].items()},
        communes=communes,
    )


def street_names() -> tuple[str, ...]:
    """Return the street names that labels are made of."""
    text = (files("camera_registry.seeds") / "streets.txt").read_text(encoding="utf-8")
    return tuple(line for line in text.splitlines() if line)


def _contours(file: Traversable) -> dict[str, Area]:
    document = json.loads(file.read_text(encoding="utf-8"))
    return {feature["properties"]["code"]: Area.from_geojson(feature["geometry"]) for feature in document["features"]}


def _in_paris(year: int, day_and_time: str) -> datetime:
    return datetime.fromisoformat(f"{year}-{day_and_time}").replace(tzinfo=_PARIS).astimezone(UTC)
