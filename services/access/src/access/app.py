"""Composition root of the access service."""

import httpx

from access.api import ROUTERS, errors
from access.checkpoints import SignedSeal
from access.consumers import SUBSCRIPTIONS
from access.jobs import seal_for_ever
from access.oidc import OidcProvider
from access.settings import Settings
from common.clock import Clock
from common.service import Part, ServiceParts
from guard.assembly import House, assemble


def build(settings: Settings, clock: Clock | None = None) -> ServiceParts:
    """Put the service together; a test may bring a clock that it moves."""
    http = httpx.AsyncClient(follow_redirects=False)
    secret = settings.oidc_client_secret

    def wire(house: House) -> dict[str, Part]:
        house.app.state.settings = settings
        house.app.state.identity_provider = OidcProvider(
            http,
            issuer=settings.oidc_issuer,
            client_id=settings.oidc_client_id,
            client_secret=secret.get_secret_value() if secret else None,
            login_claim=settings.oidc_login_claim,
        )
        house.app.state.seal = seal = SignedSeal(house.key)
        return {"seal": lambda: seal_for_ever(house.database, seal, house.clock)}

    parts = assemble(
        service="access",
        title="Vigie — accès",
        settings=settings,
        routers=ROUTERS,
        subscriptions=lambda _house: SUBSCRIPTIONS,
        wire=wire,
        clock=clock,
        on_close=lambda _house: http.aclose,
    )
    errors.install(parts.app)
    return parts
