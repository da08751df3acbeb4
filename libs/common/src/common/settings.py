"""Settings of a service: from the environment only, frozen, no secret has a default."""

from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """What every service is told. A service subclasses it with its own ``env_prefix``.

    ``database_url`` is the serving role (no DDL); ``migration_database_url`` the owner's, only for ``migrate``.
    ``trusted_keys_dir`` holds public keys, one ``<issuer>.jwks.json`` per issuer; ``service_key_file`` this
    service's own private Ed25519 JWK. ``public_origin`` is the one origin that browsers see.
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
    log_level: str = "INFO"
    otlp_endpoint: str | None = None


class ObjectStoreSettings(BaseSettings):
    """Where footage lives; mixed into the settings of services that touch it. ``s3_endpoint`` is host:port."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    s3_endpoint: str
    s3_access_key: SecretStr
    s3_secret_key: SecretStr
    s3_secure: bool = False
