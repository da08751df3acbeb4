"""Settings of the access service, prefix ``ACCESS_``."""

from pydantic import SecretStr
from pydantic_settings import SettingsConfigDict

from common.settings import ServiceSettings


class Settings(ServiceSettings):
    """What the service is told.

    ``oidc_login_claim`` names the claim that holds the local agent's identifier. The default, ``sub``, is the
    only one that OpenID Connect promises to be unique and stable (Core 1.0 §5.7); a provider whose ``sub`` is
    opaque (Keycloak) wants ``preferred_username``, provided that its users cannot change it themselves.
    """

    model_config = SettingsConfigDict(env_prefix="ACCESS_", frozen=True, extra="ignore")

    oidc_issuer: str
    oidc_client_id: str
    oidc_client_secret: SecretStr | None = None
    oidc_login_claim: str = "sub"

    @property
    def redirect_uri(self) -> str:
        """Where the identity provider sends the browser back."""
        return f"{self.public_origin}/api/access/callback"

    @property
    def secure_cookies(self) -> bool:
        """Cookies travel over TLS only where the public origin does."""
        return self.public_origin.startswith("https://")
