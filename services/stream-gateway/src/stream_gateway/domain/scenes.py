"""Scenes (named layouts of cameras) and the screens of a wall that show them.

A screen's state lives on the server: it survives its browser, and a second browser shows the same. It says which
cameras a screen is to show and who wanted it so; it opens no picture. Each picture is a viewing session of the agent
who is logged in at that screen, under that agent's rights and with its own register row.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

LAYOUTS = (1, 4, 9, 16)
"""Tiles of a screen; six screens of sixteen are a wall of 96 views."""

SEAT_FOR = timedelta(seconds=30)
"""How long an agent counts as sitting at a screen after its browser last said so; it does every 10 s."""

Origin = Literal["agent", "scene", "ronde", "definition"]


class UnusableLayout(ValueError):
    """No such layout, too many tiles, or a tile that the layout does not have. The text is French."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A camera in a place, and the stored position it is to look at when the scene is put on a screen."""

    camera_id: str
    insee: str
    preset: str | None = None


Tiles = tuple[Tile | None, ...]
"""One entry per place of the layout; None is an empty place."""


def arranged(layout: int, tiles: Sequence[Tile | None]) -> Tiles:
    """Return the tiles filled up with empty places to the size of the layout; raises UnusableLayout."""
    if layout not in LAYOUTS:
        raise UnusableLayout(f"Une grille a {', '.join(map(str, LAYOUTS))} images : {layout} n'existe pas.")
    if len(tiles) > layout:
        raise UnusableLayout(f"Cette grille n'a que {layout} images : il y en a {len(tiles)}.")
    return (*tiles, *([None] * (layout - len(tiles))))


def communes_of(tiles: Iterable[Tile | None]) -> frozenset[str]:
    """Return the communes whose cameras are shown."""
    return frozenset(tile.insee for tile in tiles if tile is not None)


@dataclass(frozen=True, slots=True)
class Scene:
    """A named layout. A personal one is its owner's alone; a shared one everybody's whose territory holds it all."""

    scene_id: UUID
    name: str
    layout: int
    tiles: Tiles
    owner_id: str
    owner_name: str
    shared: bool
    changed_at: datetime

    @property
    def communes(self) -> frozenset[str]:
        """The communes of its cameras: who does not have them all does not learn that the scene exists."""
        return communes_of(self.tiles)


@dataclass(frozen=True, slots=True)
class Seat:
    """Who is logged in at a screen, as its browser last said; half-open, over at ``until``."""

    agent_id: str
    agent_name: str
    login_id: str | None
    epoch: int
    station: str
    until: datetime

    def taken_at(self, at: datetime) -> bool:
        """Tell whether somebody sits there."""
        return at < self.until


@dataclass(frozen=True, slots=True)
class Screen:
    """One screen of a wall: what it shows, who put it there and when.

    ``communes`` are those whose cameras it may show, and whose agents may use it. ``revision`` grows with each change.
    """

    screen_id: str
    label: str
    wall: str
    communes: frozenset[str]
    layout: int
    tiles: Tiles
    origin: Origin
    pushed_by: str
    pushed_by_name: str
    pushed_at: datetime
    revision: int
    scene_id: UUID | None = None
    scene_name: str = ""
    seat: Seat | None = None

    def showing(
        self,
        layout: int,
        tiles: Sequence[Tile | None],
        *,
        by: str,
        by_name: str,
        at: datetime,
        origin: Origin = "agent",
        scene: Scene | None = None,
    ) -> "Screen":
        """Return the screen with other content; raises UnusableLayout."""
        return replace(
            self,
            layout=layout,
            tiles=arranged(layout, tiles),
            origin=origin,
            pushed_by=by,
            pushed_by_name=by_name,
            pushed_at=at,
            revision=self.revision + 1,
            scene_id=scene.scene_id if scene else None,
            scene_name=scene.name if scene else "",
        )

    def with_tile(
        self, place: int, tile: Tile | None, *, by: str, by_name: str, at: datetime, origin: Origin = "agent"
    ) -> "Screen":
        """Return the screen with another camera in one place (from 0); it is no longer the scene it may have been.

        Raises:
            UnusableLayout: the layout has no such place.
        """
        if not 0 <= place < self.layout:
            raise UnusableLayout(f"Cet écran n'a que {self.layout} images : il n'y a pas d'image {place + 1}.")
        tiles = (*self.tiles[:place], tile, *self.tiles[place + 1 :])
        return self.showing(self.layout, tiles, by=by, by_name=by_name, at=at, origin=origin)

    def seated(self, seat: Seat) -> "Screen":
        """Return the screen with somebody sitting at it; what it shows is unchanged."""
        return replace(self, seat=seat)
