"""Settings of the camera registry, from ``CAMERA_REGISTRY_…`` environment variables."""

from pathlib import Path

from pydantic_settings import SettingsConfigDict

from common.settings import ServiceSettings


class Settings(ServiceSettings):
    """``credential_key_file`` holds the key that seals camera passwords (32 bytes, base64, mode 600).

    ``probe_within`` bounds a look at a stream and each ONVIF call; ``renew_every`` is how often a renewal that
    was recorded in advance is looked for. Both in seconds.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="CAMERA_REGISTRY_")

    credential_key_file: Path
    probe_within: float = 8.0
    renew_every: float = 15.0
