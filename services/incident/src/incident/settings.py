"""Settings of the incident service, from the environment."""

from pydantic_settings import SettingsConfigDict

from common.settings import ServiceSettings


class Settings(ServiceSettings):
    """What the incident service is told (prefix ``INCIDENT_``)."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="INCIDENT_")
