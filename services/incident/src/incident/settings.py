"""Settings of the incident service, from the environment."""

from pydantic_settings import SettingsConfigDict

from common.settings import ServiceSettings
from contracts.registry import AlarmKind


class Settings(ServiceSettings):
    """What the incident service is told (prefix ``INCIDENT_``).

    ``street_alarms``: the camera events (mouvement, franchissement, sabotage, entree_contact) that open an incident;
    None leaves it to what is shipped: sabotage alone. Buttons and the fleet's own troubles always open one.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="INCIDENT_")

    street_alarms: tuple[AlarmKind, ...] | None = None
