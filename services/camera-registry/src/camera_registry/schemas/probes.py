"""What a camera answered, without any address of it; and which of that is taken over."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from camera_registry.ports import OnvifFindings, RtspFindings

Choice = Literal["identite", "flux", "adresses", "pilotage", "prepositions"]


class _FromAttributes(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class RtspOut(_FromAttributes):
    """What the stream answered."""

    ok: bool
    codec: str | None
    width: int | None
    height: int | None
    fps: float | None
    error: str | None


class ProfileOut(_FromAttributes):
    """A media profile: pixels, frames per second, seconds between keyframes. Never its address."""

    token: str
    name: str
    codec: str | None
    width: int | None
    height: int | None
    fps: float | None
    gop_s: float | None
    bitrate_kbps: int | None
    moves: bool


class PresetOut(_FromAttributes):
    """A position stored in the camera."""

    token: str
    name: str


class OnvifOut(_FromAttributes):
    """What the device said of itself; see `ports.OnvifFindings`."""

    ok: bool
    manufacturer: str | None
    model: str | None
    firmware: str | None
    serial: str | None
    hardware: str | None
    profiles: tuple[str, ...]
    streams: tuple[ProfileOut, ...]
    presets: tuple[PresetOut, ...]
    services: tuple[str, ...]
    has_ptz: bool | None
    has_masks: bool | None
    has_events: bool | None
    alarm_kinds: tuple[str, ...]
    clock_offset_ms: int | None
    clock_round_trip_ms: int | None
    hosts: tuple[str, ...]
    snapshot: tuple[int, int] | None
    remarks: tuple[str, ...]
    error: str | None


class ProbeReport(BaseModel):
    """What a camera answered through its two protocols."""

    rtsp: RtspOut
    onvif: OnvifOut

    @classmethod
    def of(cls, rtsp: RtspFindings, onvif: OnvifFindings) -> "ProbeReport":
        return cls(rtsp=RtspOut.model_validate(rtsp), onvif=OnvifOut.model_validate(onvif))


class AdoptionIn(BaseModel):
    """Which findings the register takes over: identity, streams, addresses, whether it moves, presets."""

    choices: Annotated[tuple[Choice, ...], Field(min_length=1, max_length=5)]


class AdoptionOut(BaseModel):
    """What was taken over, in French, and the report that it was taken from."""

    changed: tuple[str, ...]
    report: ProbeReport
