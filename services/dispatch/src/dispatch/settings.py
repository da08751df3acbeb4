"""Settings of the dispatch service, from the environment."""

from datetime import timedelta

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from common.settings import ServiceSettings
from dispatch.domain import RetryPolicy


class Settings(ServiceSettings):
    """What the dispatch service is told (prefix ``DISPATCH_``).

    ``allow_loopback_partners`` only for a demonstration whose simulated partners run on the same machine. With
    the default waits (1, 2, 4, 8, 16 s) a partner that is away shows as failed within the 90 s that a P1 has.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="DISPATCH_")

    allow_loopback_partners: bool = False
    delivery_max_attempts: int = Field(default=6, ge=1, le=50)
    delivery_first_retry_seconds: float = Field(default=1.0, gt=0)
    delivery_longest_retry_seconds: float = Field(default=30.0, gt=0)
    delivery_poll_seconds: float = Field(default=0.5, gt=0)

    @property
    def retries(self) -> RetryPolicy:
        """How often and how fast a delivery is tried."""
        return RetryPolicy(
            self.delivery_max_attempts,
            timedelta(seconds=self.delivery_first_retry_seconds),
            timedelta(seconds=self.delivery_longest_retry_seconds),
        )
