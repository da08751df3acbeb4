"""Settings of the access service, prefix ``ACCESS_``."""

from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from common.settings import ServiceSettings


class Settings(ServiceSettings):
    """What the service is told.

    ``oidc_login_claim`` names the claim that holds the local agent's identifier. The default, ``sub``, is the
    only one that OpenID Connect promises to be unique and stable (Core 1.0 §5.7); a provider whose ``sub`` is
    opaque (Keycloak) wants ``preferred_username``, provided that its users cannot change it themselves.
    ``oidc_scope``: what to ask the provider for. ``oidc_acr_values``: authentication levels, separated by blanks, of
    which the provider must vouch for one (ProConnect: ``eidas2 eidas3``); empty: any.
    ``warn_every``: seconds between two looks for papers of agents that run out.

    ``register_origin`` names the register's log in its checkpoints, by default after the town. A checkpoint is signed
    every ``checkpoint_every`` seconds. ``accept_unsealed_rows`` lets services of a release before the seals go on
    during an upgrade. ``register_retention_days``: how long rows are kept (DOMAIN §4: three years by default).
    """

    model_config = SettingsConfigDict(env_prefix="ACCESS_", frozen=True, extra="ignore")

    oidc_issuer: str
    oidc_client_id: str
    oidc_client_secret: SecretStr | None = None
    oidc_login_claim: str = "sub"
    oidc_scope: str = "openid profile"
    oidc_acr_values: str = ""
    warn_every: float = 3600.0
    register_origin: Annotated[str, Field(pattern=r"^[^\s+]{0,100}$")] = ""
    checkpoint_every: Annotated[float, Field(ge=1, le=3600)] = 3600.0
    accept_unsealed_rows: bool = False
    register_retention_days: Annotated[int, Field(ge=365)] = 3 * 365 + 1

    @property
    def origin_of_register(self) -> str:
        """The name of the register's log."""
        return self.register_origin or f"vigie/{self.town}/registre"

    @property
    def redirect_uri(self) -> str:
        """Where the identity provider sends the browser back."""
        return f"{self.public_origin}/api/access/callback"

    @property
    def secure_cookies(self) -> bool:
        """Cookies travel over TLS only where the public origin does."""
        return self.public_origin.startswith("https://")
