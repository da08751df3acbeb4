"""Settings of the stream gateway, from the environment."""

from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from common.settings import ObjectStoreSettings, ServiceSettings


class Settings(ServiceSettings, ObjectStoreSettings):
    """What the stream gateway is told (prefix ``STREAM_GATEWAY_``). Durations are in seconds.

    ``spool_dir`` is the local disk between cameras and object store: size it for the longest outage of the
    store. ``segment_seconds`` 60 in production; tests use less. ``live_warm_seconds``: how long a live pull
    outlives its last viewer. ``lease_seconds``: how long a viewing session lives without renewal.
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
