"""What a camera can turn to: presets, rondes, and its calibration on the map."""

import contextlib

from fastapi import APIRouter, Path, Response

from common.problems import Conflict, Invalid, NotFound
from guard import Motive
from policy import Action
from stream_gateway.api.ptz_desk import PtzDesk, TheDesk, told_as_problems
from stream_gateway.domain.ptz.aiming import MOVED_M, CalibrationInvalid, Optics, Reference
from stream_gateway.domain.ptz.geodesy import Place, sight
from stream_gateway.domain.ptz.orders import StoredPreset
from stream_gateway.domain.ptz.patrols import PatrolStep
from stream_gateway.domain.ptz.presets import Mounting, merged, steps_of
from stream_gateway.ports import PtzFailed, SourceUnavailable
from stream_gateway.repository.ptz_calibrations import KeptCalibration, find_calibration
from stream_gateway.schemas.ptz import (
    CalibrationIn,
    CalibrationOut,
    KeptPresetOut,
    PresetIn,
    PresetList,
    PresetOut,
    ReferenceIO,
    RunningTourOut,
    TourOut,
    TourStartIn,
)
from stream_gateway.schemas.texts import CameraId
from stream_gateway.use_cases.asking import check_right
from stream_gateway.use_cases.ptz import refuse_held_by_other
from stream_gateway.use_cases.ptz_aiming import keep_calibration
from stream_gateway.use_cases.ptz_care import end_patrol, start_patrol

router = APIRouter(prefix="/api/stream", tags=["commande des caméras"])
PresetToken = Path(min_length=1, max_length=64)


@router.get("/cameras/{camera_id}/ptz/presets")
async def list_presets(camera_id: CameraId, desk: TheDesk) -> PresetList:
    """Return the presets of registry and camera as one list, and the tours. A camera that is away hides none."""
    await _must_see(desk, camera_id)
    with told_as_problems():
        mounting = await desk.mounting(camera_id)
    stored: list[StoredPreset] | None = None
    with contextlib.suppress(PtzFailed, SourceUnavailable):  # said by ``camera_answered``
        stored = await (await desk.motor(camera_id)).presets()
    return PresetList(
        items=[PresetOut.model_validate(one, from_attributes=True) for one in merged(mounting.presets, stored)],
        tours=[
            TourOut(
                tour_id=tour.tour_id,
                name=tour.name,
                presets=[number for number, _ in tour.steps],
                runnable=len(steps_of(tour, mounting)) == len(tour.steps),
            )
            for tour in mounting.tours
        ],
        camera_answered=stored is not None,
    )


@router.post("/cameras/{camera_id}/ptz/presets", status_code=201)
async def keep_preset(camera_id: CameraId, body: PresetIn, desk: TheDesk) -> KeptPresetOut:
    """Have the camera keep where it points now. For those who may configure it, while nobody else moves it."""
    with told_as_problems():
        await _allow_configuring(desk, camera_id, f"préposition « {body.name} »")
        token = await (await desk.motor(camera_id)).set_preset(body.name, body.token)
    return KeptPresetOut(token=token, name=body.name)


@router.delete("/cameras/{camera_id}/ptz/presets/{token}", status_code=204)
async def forget_preset(camera_id: CameraId, desk: TheDesk, token: str = PresetToken) -> Response:
    """Have the camera forget a preset. For those who may configure it."""
    with told_as_problems():
        await _allow_configuring(desk, camera_id, f"préposition {token} supprimée")
        await (await desk.motor(camera_id)).remove_preset(token)
    return Response(status_code=204)


@router.post("/cameras/{camera_id}/ptz/tour")
async def start_tour(camera_id: CameraId, body: TourStartIn, desk: TheDesk) -> RunningTourOut:
    """Have the gateway walk a tour of the registry, over and over, until ended; every person interrupts it."""
    asked = desk.asked(Motive("ronde"), body.incident_id, body.ticket_id)
    with told_as_problems():
        mounting = await desk.mounting(camera_id)
        async with desk.database.transaction() as connection:
            agent = desk.guard.agent(desk.caller)
            if not desk.guard.decide(agent, Action.PTZ, camera_id, asked.context, desk.at)[1].allowed:
                await check_right(connection, desk.guard, asked, Action.PTZ, camera_id)
            name, steps = _runnable(mounting, body.tour_id)
            patrol = await start_patrol(
                connection,
                guard=desk.guard,
                asked=asked,
                camera_id=camera_id,
                tour_id=body.tour_id,
                name=name,
                steps=steps,
            )
    return RunningTourOut(
        tour_id=patrol.tour_id,
        name=patrol.name,
        next_preset=patrol.step.number,
        due_at=patrol.due_at,
        started_by=patrol.started_by,
    )


@router.delete("/cameras/{camera_id}/ptz/tour", status_code=204)
async def end_tour(camera_id: CameraId, desk: TheDesk) -> Response:
    """End the tour that the gateway walks on a camera."""
    async with desk.database.transaction() as connection:
        ended = await end_patrol(connection, guard=desk.guard, asked=desk.asked(Motive("ronde")), camera_id=camera_id)
    if not ended:
        raise Conflict("Aucune ronde n'est en cours sur cette caméra.")
    return Response(status_code=204)


@router.get("/cameras/{camera_id}/ptz/calibration")
async def read_calibration(camera_id: CameraId, desk: TheDesk) -> CalibrationOut:
    """Return how a camera lies in the world."""
    await _must_see(desk, camera_id)
    async with desk.database.transaction() as connection:
        kept = await find_calibration(connection, camera_id)
    if kept is None:
        raise NotFound("Le calage de la caméra", camera_id)
    return _calibration_out(desk, camera_id, kept)


@router.put("/cameras/{camera_id}/ptz/calibration")
async def put_calibration(camera_id: CameraId, body: CalibrationIn, desk: TheDesk) -> CalibrationOut:
    """Calibrate a camera from places that it was pointed at; the residual tells how well they agree."""
    try:
        optics = (
            Optics(body.wide_deg, body.tele_deg) if body.wide_deg is not None and body.tele_deg is not None else None
        )
        async with desk.database.transaction() as connection:
            kept = await keep_calibration(
                connection,
                guard=desk.guard,
                asked=desk.asked(Motive("configuration", "calage sur la carte")),
                camera_id=camera_id,
                height_m=body.height_m,
                references=[Reference(one.pan, one.tilt, Place(one.lon, one.lat)) for one in body.points],
                optics=optics,
            )
    except CalibrationInvalid as error:
        raise Invalid(error.message, [{"field": "points", "message": error.message}]) from error
    return _calibration_out(desk, camera_id, kept)


async def _must_see(desk: PtzDesk, camera_id: str) -> None:
    """Let pass who may see or move the camera; write the refusal of everybody else."""
    agent, asked = desk.guard.agent(desk.caller), desk.asked(Motive())
    for action in (Action.VIEW_CAMERA, Action.PTZ):
        if desk.guard.decide(agent, action, camera_id, asked.context, desk.at)[1].allowed:
            return
    async with desk.database.transaction() as connection:
        await check_right(connection, desk.guard, asked, Action.VIEW_CAMERA, camera_id)


async def _allow_configuring(desk: PtzDesk, camera_id: str, what: str) -> None:
    asked = desk.asked(Motive("configuration", what))
    async with desk.database.transaction() as connection:
        grant = await check_right(connection, desk.guard, asked, Action.CONFIGURE, camera_id)
        await refuse_held_by_other(connection, agent_id=grant.agent.agent_id, camera_id=camera_id, at=desk.at)


def _runnable(mounting: Mounting, tour_id: str) -> tuple[str, tuple[PatrolStep, ...]]:
    tour = mounting.tour(tour_id)
    if tour is None:
        raise NotFound("La tournée", tour_id)
    steps = steps_of(tour, mounting)
    if len(steps) != len(tour.steps):
        raise Conflict("Une étape de cette tournée n'a pas de position connue : complétez ses prépositions.")
    return tour.name, steps


def _calibration_out(desk: PtzDesk, camera_id: str, kept: KeptCalibration) -> CalibrationOut:
    found, state = kept.calibration, desk.guard.cameras.get(camera_id)
    moved = state is not None and sight(found.place, Place(state.lon, state.lat)).distance_m > MOVED_M
    return CalibrationOut(
        camera_id=camera_id,
        height_m=found.height_m,
        pan_zero_deg=found.pan_zero_deg,
        pan_gain_deg=found.pan_gain_deg,
        tilt_zero_deg=found.tilt_zero_deg,
        tilt_gain_deg=found.tilt_gain_deg,
        residual_deg=found.residual_deg,
        wide_deg=found.optics.wide_deg if found.optics else None,
        tele_deg=found.optics.tele_deg if found.optics else None,
        points=[
            ReferenceIO(pan=one.pan, tilt=one.tilt, lon=one.place.lon, lat=one.place.lat) for one in found.references
        ],
        calibrated_by=kept.calibrated_by,
        calibrated_at=kept.calibrated_at,
        stale=moved,
    )
