"""Settings of a service: from the environment only, frozen, no secret has a default."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """What every service is told. A service subclasses it with its own ``env_prefix``.

    ``database_url`` is the serving role (no DDL); ``migration_database_url`` the owner's, only for ``migrate``.
    ``trusted_keys_dir`` holds public keys, one ``<issuer>.jwks.json`` per issuer; ``service_key_file`` this
    service's own private Ed25519 JWK. ``public_origin`` is the one origin that browsers see.
    ``replay_roles``: the only roles that replay in this town, as a JSON list; unset where any role with the right does.
    ``replica_max_silence``: seconds without a word of the bus after which no image is shown (a revocation could not
    arrive); see ADR 0018. ``register_max_wait``: seconds (at most 24 h) that a register row may wait for the register
    before images are refused.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    database_url: SecretStr
    migration_database_url: SecretStr | None = None
    nats_url: str
    nats_user: str | None = None
    nats_password: SecretStr | None = None
    api_host: str = "127.0.0.1"
    api_port: int
    trusted_keys_dir: Path
    service_key_file: Path
    public_origin: str = "http://127.0.0.1:8080"
    town: str = "plaine-vallee"
    replay_roles: frozenset[str] | None = None
    replica_max_silence: Annotated[float, Field(gt=0, le=86_400)] = 900.0
    register_max_wait: Annotated[float, Field(gt=0, le=86_400)] = 86_400.0
    log_level: str = "INFO"
    otlp_endpoint: str | None = None


class ObjectStoreSettings(BaseSettings):
    """Where footage lives; mixed into the settings of services that touch it. ``s3_endpoint`` is host:port."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    s3_endpoint: str
    s3_access_key: SecretStr
    s3_secret_key: SecretStr
    s3_secure: bool = False
