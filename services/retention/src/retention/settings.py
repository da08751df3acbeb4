"""Settings of the retention service, from ``RETENTION_…`` environment variables."""

from pydantic import SecretStr
from pydantic_settings import SettingsConfigDict

from common.settings import ObjectStoreSettings, ServiceSettings


class Settings(ServiceSettings, ObjectStoreSettings):
    """``evidence_*`` is the identity that may lock objects; it alone writes the evidence buckets.

    ``sweep_every`` in seconds: footage is physically gone within 60 minutes of its expiry (DOMAIN §3), so the
    default of one minute leaves time for an hour of retries.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="RETENTION_")

    evidence_access_key: SecretStr
    evidence_secret_key: SecretStr
    sweep_every: float = 60.0
