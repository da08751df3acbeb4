"""Scenes: named layouts of cameras."""

from uuid import UUID

from fastapi import APIRouter, Response

from common.ids import new_id
from common.problems import Forbidden, Invalid
from common.web import Tx
from guard.web import TheGuard
from stream_gateway.api.asked import TheAsked
from stream_gateway.domain.scenes import Scene, Tiles, UnusableLayout
from stream_gateway.schemas.walls import LayoutIn, SceneIn, SceneList, SceneOut, TileOut
from stream_gateway.use_cases import walls

router = APIRouter(prefix="/api/stream", tags=["mur d'images"])


@router.get("/scenes")
async def list_scenes(tx: Tx, guard: TheGuard, asked: TheAsked) -> SceneList:
    """Return the caller's own scenes and the shared ones of the own communes."""
    found = await walls.list_scenes(tx, guard=guard, asked=asked)
    return SceneList(items=[scene_out(scene) for scene in found])


@router.post("/scenes", status_code=201)
async def add_scene(body: SceneIn, tx: Tx, guard: TheGuard, asked: TheAsked) -> SceneOut:
    """Keep a layout under a name."""
    return await _saved(body, new_id(), tx, guard, asked, is_new=True)


@router.put("/scenes/{scene_id}")
async def change_scene(scene_id: UUID, body: SceneIn, tx: Tx, guard: TheGuard, asked: TheAsked) -> SceneOut:
    """Change a scene; screens that show it go on as they are."""
    return await _saved(body, scene_id, tx, guard, asked, is_new=False)


@router.delete("/scenes/{scene_id}", status_code=204)
async def delete_scene(scene_id: UUID, tx: Tx, guard: TheGuard, asked: TheAsked) -> Response:
    """Forget a scene."""
    await walls.delete_scene(tx, guard=guard, asked=asked, scene_id=scene_id)
    return Response(status_code=204)


async def _saved(body: SceneIn, scene_id: UUID, tx: Tx, guard: TheGuard, asked: TheAsked, *, is_new: bool) -> SceneOut:
    try:
        scene = await walls.save_scene(
            tx,
            guard=guard,
            asked=asked,
            scene_id=scene_id,
            name=body.name,
            layout=body.layout,
            wishes=wishes_of(body),
            shared=body.shared,
            is_new=is_new,
        )
    except UnusableLayout as error:
        raise Invalid(str(error)) from error
    except walls.SceneOfAnother as error:
        raise Forbidden("Cette scène est personnelle : seul son auteur la change.", rule="auteur") from error
    return scene_out(scene)


def wishes_of(body: LayoutIn) -> list[walls.TileWish | None]:
    """Return what the tiles of a request ask for."""
    return [walls.TileWish(tile.camera_id, tile.preset) if tile else None for tile in body.tiles]


def tiles_out(tiles: Tiles, communes: frozenset[str]) -> list[TileOut | None]:
    """Return tiles as somebody with these communes may know them."""
    return [
        None
        if tile is None
        else TileOut(camera_id=tile.camera_id, preset=tile.preset)
        if tile.insee in communes
        else TileOut(camera_id=None, hidden=True)
        for tile in tiles
    ]


def scene_out(scene: Scene) -> SceneOut:
    """Return a scene; whoever finds it has all of its communes."""
    return SceneOut(
        scene_id=scene.scene_id,
        name=scene.name,
        layout=scene.layout,
        tiles=tiles_out(scene.tiles, scene.communes),
        shared=scene.shared,
        owner_id=scene.owner_id,
        owner_name=scene.owner_name,
        changed_at=scene.changed_at,
    )
