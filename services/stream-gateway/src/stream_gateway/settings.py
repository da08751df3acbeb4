"""Settings of the stream gateway, from the environment."""

import os
from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from common.settings import ObjectStoreSettings, ServiceSettings

HomeMinutes = Annotated[float, Field(ge=0, le=1440, allow_inf_nan=False)]


class Settings(ServiceSettings, ObjectStoreSettings):
    """What the stream gateway is told (prefix ``STREAM_GATEWAY_``). Durations are in seconds.

    ``spool_dir`` is the local disk between cameras and object store: size it for the longest outage of the
    store. ``segment_seconds`` 60 in production; tests use less. ``live_warm_seconds``: how long a feed from another
    media node outlives its last viewer. ``lease_seconds``: how long a viewing session lives without renewal.
    ``ptz_home_minutes``: a camera that a person left goes home, or back to its ronde, so long after the last command
    (0: never); ``ptz_home_minutes_of`` says otherwise for communes, by INSEE code.
    ``node_id`` names this media node, stable over restarts and unique in the centre; ``node_capacity`` cameras at once;
    ``node_communes`` INSEE codes it may serve (empty: all); ``node_spare``: it takes only what active nodes cannot;
    ``node_url``: where other nodes reach its internal endpoint. ``pulls_per_second``: how many pulls open at once and
    then each second. ``spool_limit_bytes``: the spool's own bound besides the disk's.
    ``drive_rondes``: this process also drives rondes; off for media nodes that serve nobody else.
    ``drain_seconds``: how long a stopping node waits for others to take its cameras over (0: not at all).
    ``backfill``: missing time is fetched from the cards of cameras that replay them, one camera at a time at
    ``backfill_bytes_per_second``; a gap waits ``backfill_after_seconds`` after its end; what a camera does not give is
    asked for again after ``backfill_retry_seconds``, twice as long each time, five times in all.
    ``webrtc_host``: the one address of this machine that WebRTC's UDP is bound to and that viewers are told;
    ``webrtc_peers``: at most so many at a time (0: none), each connected within ``webrtc_handshake_seconds``.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="STREAM_GATEWAY_")

    registry_url: str
    retention_url: str
    spool_dir: Path
    segment_seconds: Annotated[int, Field(ge=1, le=600)] = 60
    silence_seconds: Annotated[float, Field(gt=0, le=60)] = 5.0
    uploads_at_once: Annotated[int, Field(ge=1, le=64)] = 8
    live_warm_seconds: Annotated[float, Field(ge=0, le=600)] = 30.0
    lease_seconds: Annotated[float, Field(ge=1, le=300)] = 30.0
    session_token_seconds: Annotated[int, Field(ge=5, le=300)] = 60
    ptz_seconds: Annotated[float, Field(gt=0, le=30)] = 5.0
    ptz_home_minutes: HomeMinutes = 5.0
    ptz_home_minutes_of: dict[str, HomeMinutes] = Field(default_factory=dict[str, float])
    node_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")] = "media-1"
    node_capacity: Annotated[int, Field(ge=0, le=100_000)] = 600
    node_communes: tuple[str, ...] = ()
    node_spare: bool = False
    node_url: str = ""
    placement_settle_seconds: Annotated[float, Field(ge=0, le=3600)] = 30.0
    masked_streams_max: Annotated[int, Field(ge=0, le=1000)] = Field(default_factory=lambda: 2 * (os.cpu_count() or 1))
    drive_rondes: bool = True
    drain_seconds: Annotated[float, Field(ge=0, le=600)] = 0.0
    pulls_per_second: Annotated[float, Field(gt=0, le=1000)] = 40.0
    spool_limit_bytes: Annotated[int, Field(gt=0)] | None = None
    backfill: bool = True
    backfill_after_seconds: Annotated[float, Field(ge=0, le=86_400)] = 60.0
    backfill_retry_seconds: Annotated[float, Field(ge=0, le=86_400)] = 600.0
    backfill_bytes_per_second: Annotated[float, Field(ge=10_000, le=1e9)] = 2_000_000.0
    webrtc_host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    webrtc_peers: Annotated[int, Field(ge=0, le=5000)] = 200
    webrtc_handshake_seconds: Annotated[float, Field(gt=0, le=60)] = 10.0
