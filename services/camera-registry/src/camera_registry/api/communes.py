"""Communes and their contours, for lists and for the map without internet."""

from typing import Any

from fastapi import APIRouter

from camera_registry.api.access import Readable
from camera_registry.repository.communes import all_communes
from camera_registry.schemas.cameras import CommuneList, CommuneOut
from common.web import Tx

router = APIRouter()


@router.get("/communes")
async def list_communes(tx: Tx, readable: Readable) -> CommuneList:
    """Return the caller's communes."""
    found = await all_communes(tx, readable)
    return CommuneList(items=[CommuneOut.of(commune) for commune in found.values()])


@router.get("/communes/contours")
async def list_contours(tx: Tx, readable: Readable) -> dict[str, Any]:
    """Return the contours of the caller's communes as a GeoJSON FeatureCollection."""
    found = await all_communes(tx, readable)
    features = [
        {
            "type": "Feature",
            "id": commune.insee,
            "properties": {"insee": commune.insee, "name": commune.name},
            "geometry": commune.contour.to_geojson(),
        }
        for commune in found.values()
    ]
    return {"type": "FeatureCollection", "features": features}
