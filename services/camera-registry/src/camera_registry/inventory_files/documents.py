"""JSON and GeoJSON: a list of objects, wherever it stands in the document, flattened to columns."""

import json
from collections.abc import Iterator
from typing import Any

from camera_registry.domain.importing.table import Inventory, Sheet
from camera_registry.inventory_files.limits import MAX_COLUMNS, InventoryUnreadable, RowCollector

_LISTS = ("items", "features", "cameras", "data", "results", "records", "elements", "rows", "objects", "liste", "value")
_DEEPEST = 6
_SHORT = 12
_NO_LIST = 'Ce JSON ne contient pas de liste de caméras : attendu [ {…}, {…} ], { "items": [ … ] } ou du GeoJSON.'


def read_document(text: str) -> Inventory:
    """Read a JSON or GeoJSON text, or one object a line. Raises InventoryUnreadable."""
    try:
        document: Any = json.loads(text, parse_constant=lambda _: None)
    except RecursionError as error:
        raise InventoryUnreadable("Ce JSON est imbriqué sans fin : il est refusé.") from error
    except ValueError as error:
        document = _by_lines(text)
        if document is None:
            where = f" (ligne {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
            raise InventoryUnreadable(f"Ce JSON est incomplet ou mal formé{where} : exportez-le de nouveau.") from error
    if isinstance(document, dict) and document.get("type") == "FeatureCollection":
        return _geojson(document)
    objects = _objects(document, 0)
    if not objects:
        raise InventoryUnreadable(_NO_LIST)
    if all(one.get("type") == "Feature" for one in objects[:_SHORT]):
        return _geojson({"features": objects})
    return Inventory("json", (_sheet(_flat(one) for one in objects),))


def _by_lines(text: str) -> list[Any] | None:
    """Return the objects of a text that has one a line (NDJSON), None unless every line is one."""
    lines = [line for line in text.splitlines() if line.strip()]
    try:
        found: list[Any] = [json.loads(line) for line in lines]
    except (ValueError, RecursionError):
        return None
    return found if len(found) > 1 and all(isinstance(one, dict) for one in found) else None


def _objects(document: Any, depth: int) -> list[dict[str, Any]]:  # noqa: PLR0911 - one return a shape
    if depth > _DEEPEST:
        return []
    if isinstance(document, list):
        found = [one for one in document if isinstance(one, dict)]
        if (
            len(found) == 1
            and len(document) == 1
            and not any(not isinstance(v, (dict, list)) for v in found[0].values())
        ):
            return _objects(found[0], depth + 1)
        return found
    if not isinstance(document, dict):
        return []
    keys = [key for key in _LISTS if key in document] + [key for key in document if key not in _LISTS]
    for key in keys:
        if isinstance(document[key], (list, dict)):
            found = _objects(document[key], depth + 1)
            if found:
                return found
    values = list(document.values())
    if values and all(isinstance(value, dict) for value in values):
        return [{"id": key, **value} for key, value in document.items()]
    return [document] if depth == 0 and any(not isinstance(value, (dict, list)) for value in values) else []


def _geojson(document: dict[str, Any]) -> Inventory:
    features = document.get("features")
    if not isinstance(features, list) or not features:
        raise InventoryUnreadable("Ce GeoJSON ne contient aucun objet (« features » est vide).")
    areas = 0
    rows: list[dict[str, str]] = []
    for feature in features:
        if not isinstance(feature, dict):
            continue
        properties = feature.get("properties")
        cells = _flat(properties) if isinstance(properties, dict) else {}
        if isinstance(feature.get("id"), (str, int)) and not any(key.casefold() in {"id", "code"} for key in cells):
            cells = {"id": str(feature["id"]), **cells}
        geometry = feature.get("geometry")
        point, is_area = _point(geometry) if isinstance(geometry, dict) else ("", False)
        areas += is_area
        rows.append({**cells, "geometry": point})
    if not rows:
        raise InventoryUnreadable("Ce GeoJSON ne contient aucun objet lisible.")
    notes = ()
    if areas:
        told = f"{areas} objet(s) sont des surfaces ou des lignes, non des points : une caméra est un point."
        notes = (f"{told} Donnez-en la position.",)
    crs = document.get("crs")
    if isinstance(crs, dict):
        named = json.dumps(crs)[:200]
        code = next(
            (part for part in ("2154", "3857", "27572", *(str(3942 + zone) for zone in range(9))) if part in named), ""
        )
        rows = [{**row, "crs": code} for row in rows] if code else rows
    return Inventory("geojson", (_sheet(iter(rows)),), notes=notes)


def _point(geometry: dict[str, Any]) -> tuple[str, bool]:
    """Return ``POINT (x y)`` of a point geometry (also of a one-point MultiPoint), and whether it is no point."""
    coordinates = geometry.get("coordinates")
    kind = geometry.get("type")
    if kind == "MultiPoint" and isinstance(coordinates, list) and len(coordinates) == 1:
        kind, coordinates = "Point", coordinates[0]
    if kind != "Point":
        return "", kind is not None
    if not isinstance(coordinates, list) or len(coordinates) < 2:  # noqa: PLR2004 - x, y
        return "", False
    x, y = coordinates[:2]
    if not all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in (x, y)):
        return "", False
    return f"POINT({_number(x)} {_number(y)})", False


def _number(value: float) -> str:
    text = repr(value)
    return f"{value:.9f}" if "e" in text and abs(value) < 1e12 else text  # noqa: PLR2004 - beyond any coordinate


def _flat(one: dict[str, Any], depth: int = 0) -> dict[str, str]:
    """Return an object's values by key; a nested one's under its own key if free (``position.lat`` → ``lat``)."""
    cells: dict[str, str] = {}
    for key, value in list(one.items())[:MAX_COLUMNS]:
        name = str(key)
        if isinstance(value, dict) and depth < _DEEPEST:
            if value.get("type") == "Point":
                cells[name] = _point(value)[0]
                continue
            for inner, text in _flat(value, depth + 1).items():
                cells[inner if inner not in one and inner not in cells else f"{name}.{inner}"] = text
        else:
            cells[name] = _cell(value)
    return cells


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)  # noqa: PLR2004
    if isinstance(value, list):
        if len(value) == 2 and all(isinstance(part, (int, float)) for part in value):  # noqa: PLR2004 - [lon, lat]
            return f"[{value[0]}, {value[1]}]"
        return ", ".join(_cell(part) for part in value[:64])
    return json.dumps(value)[:400] if isinstance(value, dict) else str(value)


def _sheet(rows: Iterator[dict[str, str]]) -> Sheet:
    """Return a sheet whose header (line 0) is the union of the keys; the n-th object is line n."""
    kept = list(rows)
    header: dict[str, int] = {}
    for row in kept:
        for key in row:
            if key not in header and len(header) < MAX_COLUMNS:
                header[key] = len(header)
    collector = RowCollector()
    collector.add(0, list(header))
    for number, row in enumerate(kept, start=1):
        cells = [""] * len(header)
        for key, value in row.items():
            if key in header:
                cells[header[key]] = value
        collector.add(number, cells)
    return Sheet("", collector.rows)
