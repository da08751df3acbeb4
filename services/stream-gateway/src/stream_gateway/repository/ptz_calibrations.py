"""How cameras lie in the world."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from stream_gateway.domain.ptz.aiming import Calibration, Optics, Reference
from stream_gateway.domain.ptz.geodesy import Place
from stream_gateway.tables.ptz import ptz_calibrations


@dataclass(frozen=True, slots=True)
class KeptCalibration:
    """A calibration, and who made it when."""

    calibration: Calibration
    calibrated_by: str
    calibrated_at: datetime


async def save_calibration(connection: AsyncConnection, camera_id: str, kept: KeptCalibration) -> None:
    """Store a calibration, in the place of the camera's one before."""
    found = kept.calibration
    figures = ("height_m", "pan_zero_deg", "pan_gain_deg", "tilt_zero_deg", "tilt_gain_deg", "residual_deg")
    values: dict[str, Any] = {
        **{name: getattr(found, name) for name in figures},
        "camera_id": camera_id,
        "lon": found.place.lon,
        "lat": found.place.lat,
        "points": [{"pan": r.pan, "tilt": r.tilt, "lon": r.place.lon, "lat": r.place.lat} for r in found.references],
        "wide_deg": found.optics.wide_deg if found.optics else None,
        "tele_deg": found.optics.tele_deg if found.optics else None,
        "calibrated_by": kept.calibrated_by,
        "calibrated_at": kept.calibrated_at,
    }
    row = upsert(ptz_calibrations).values(**values)
    await connection.execute(row.on_conflict_do_update(index_elements=[ptz_calibrations.c.camera_id], set_=values))


async def find_calibration(connection: AsyncConnection, camera_id: str) -> KeptCalibration | None:
    """Return a camera's calibration."""
    query = select(ptz_calibrations).where(ptz_calibrations.c.camera_id == camera_id)
    row = (await connection.execute(query)).mappings().first()
    if row is None:
        return None
    optics = Optics(row["wide_deg"], row["tele_deg"]) if row["wide_deg"] is not None else None
    calibration = Calibration(
        place=Place(row["lon"], row["lat"]),
        height_m=row["height_m"],
        pan_zero_deg=row["pan_zero_deg"],
        pan_gain_deg=row["pan_gain_deg"],
        tilt_zero_deg=row["tilt_zero_deg"],
        tilt_gain_deg=row["tilt_gain_deg"],
        residual_deg=row["residual_deg"],
        references=tuple(Reference(p["pan"], p["tilt"], Place(p["lon"], p["lat"])) for p in row["points"]),
        optics=optics,
    )
    return KeptCalibration(calibration, row["calibrated_by"], row["calibrated_at"])
