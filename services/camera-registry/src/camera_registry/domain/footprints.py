"""Building footprints as people hand them over: GeoJSON, sifted one by one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import shapely

from camera_registry.domain.position import Area, AreaInvalid

MAX_FOOTPRINTS = 50_000
"""Of one commune at once; Valenciennes has about 20 000 buildings."""

OUTSIDE = "hors de la commune : vérifiez que les coordonnées sont en WGS 84 (longitude, latitude)"
NOT_A_LIST = "le fichier n'est pas une liste « FeatureCollection » de polygones GeoJSON"
TOO_MANY = f"plus de {MAX_FOOTPRINTS} bâtiments : importez la commune par l'outil du cadastre, allégée"


class FootprintsUnreadable(ValueError):
    """Not a GeoJSON FeatureCollection, or more buildings than one commune has."""


@dataclass(frozen=True, slots=True)
class FootprintRefused:
    """A feature that was left out: its number in the file, from 1, and what to mend."""

    number: int
    message: str


@dataclass(frozen=True, slots=True)
class Footprints:
    """What a file holds: outlines in degrees, and the features left out."""

    outlines: tuple[shapely.Polygon, ...]
    refused: tuple[FootprintRefused, ...]


def read_footprints(document: Mapping[str, Any], contour: Area) -> Footprints:
    """Read a FeatureCollection of Polygons and MultiPolygons that touch a commune. Raises FootprintsUnreadable.

    Seconds for the 20 000 buildings of a town: to be called in a thread.
    """
    features = document.get("features")
    if document.get("type") != "FeatureCollection" or not isinstance(features, list):
        raise FootprintsUnreadable(NOT_A_LIST)
    if len(features) > MAX_FOOTPRINTS:
        raise FootprintsUnreadable(TOO_MANY)
    shapely.prepare(contour.geometry)  # asked about once a building
    outlines: list[shapely.Polygon] = []
    refused: list[FootprintRefused] = []
    for number, feature in enumerate(features, start=1):
        try:
            area = Area.from_geojson(feature["geometry"])
        except AreaInvalid as error:
            refused.append(FootprintRefused(number, str(error)))
        except (TypeError, KeyError, AttributeError):
            refused.append(FootprintRefused(number, "sans géométrie"))
        else:
            if area.geometry.intersects(contour.geometry):
                outlines += [shapely.force_2d(part) for part in shapely.get_parts(area.geometry)]
            else:
                refused.append(FootprintRefused(number, OUTSIDE))
    return Footprints(tuple(outlines), tuple(refused))
