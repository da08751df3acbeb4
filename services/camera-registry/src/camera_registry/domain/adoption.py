"""Taking over into the register what a device says of itself: only what a person chose, only what it told."""

from dataclasses import dataclass, replace

from camera_registry.domain.camera import Camera, CameraInvalid, Endpoints, Equipment, StreamProfile


@dataclass(frozen=True, slots=True)
class StreamTold:
    """One stream as the device describes it; ``uri`` its RTSP address without password."""

    codec: str | None
    width: int | None
    height: int | None
    fps: float | None
    gop_s: float | None
    bitrate_kbps: int | None
    uri: str | None


@dataclass(frozen=True, slots=True)
class Told:
    """What a device says of itself; None where it says nothing. ``streams`` with the largest picture first."""

    manufacturer: str | None = None
    model: str | None = None
    firmware: str | None = None
    serial: str | None = None
    moves: bool | None = None
    streams: tuple[StreamTold, ...] = ()


def adopt(camera: Camera, told: Told, choices: frozenset[str]) -> tuple[Camera, tuple[str, ...]]:
    """Return the camera with the chosen findings, and what changed in French; the camera itself where nothing did.

    The largest stream is the one to record, the smallest other one is for mosaics.
    """
    after, changed = camera, list[str]()
    if "identite" in choices:
        after = replace(after, equipment=_identified(after.equipment, told))
        changed += ["constructeur, modèle, micrologiciel"] if after.equipment != camera.equipment else []
    if "flux" in choices and told.streams:
        before = after.equipment
        after = replace(after, equipment=replace(before, streams=_streams(told)))
        changed += ["flux"] if after.equipment != before else []
    if "adresses" in choices and told.streams:
        after = replace(after, endpoints=_addressed(after.endpoints, told))
        changed += ["adresses des flux"] if after.endpoints != camera.endpoints else []
    if "pilotage" in choices and told.moves is not None and told.moves != after.has_ptz:
        after = replace(after, has_ptz=told.moves)
        changed.append("pilotage")
    return (after.revised(), tuple(changed)) if changed else (camera, ())


def _roles(told: Told) -> tuple[tuple[str, StreamTold], ...]:
    main, *others = told.streams
    return (("main", main), ("sub", others[-1])) if others else (("main", main),)


def _identified(known: Equipment, told: Told) -> Equipment:
    return replace(
        known,
        manufacturer=told.manufacturer or known.manufacturer,
        model=told.model or known.model,
        firmware=told.firmware or known.firmware,
        serial=told.serial or known.serial,
    )


def _streams(told: Told) -> tuple[StreamProfile, ...]:
    return tuple(
        StreamProfile(
            role=role,
            codec=stream.codec,
            width=stream.width,
            height=stream.height,
            fps=stream.fps,
            gop_s=stream.gop_s,
            bitrate_kbps=stream.bitrate_kbps,
        )
        for role, stream in _roles(told)
    )


def _addressed(known: Endpoints, told: Told) -> Endpoints:
    named = {role: stream.uri for role, stream in _roles(told) if stream.uri}
    try:
        return Endpoints(named.get("main", known.main_url), named.get("sub", known.sub_url), known.onvif_url)
    except CameraInvalid:
        return known
