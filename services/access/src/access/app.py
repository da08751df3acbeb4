"""Composition root of the access service."""

from datetime import timedelta

import httpx

from access.api import ROUTERS, errors
from access.checkpoints import SignedSeal
from access.consumers import RegisterDesk
from access.jobs import sign_for_ever, warn_for_ever
from access.oidc import OidcProvider
from access.settings import Settings
from common.clock import Clock
from common.consumer import Subscription
from common.service import Part, ServiceParts
from guard.assembly import House, assemble


def build(settings: Settings, clock: Clock | None = None) -> ServiceParts:
    """Put the service together; a test may bring a clock that it moves."""
    http = httpx.AsyncClient(follow_redirects=False)
    secret = settings.oidc_client_secret

    def wire(house: House) -> dict[str, Part]:
        house.database.plan_for_the_values_asked()
        house.app.state.settings = settings
        house.app.state.identity_provider = OidcProvider(
            http,
            issuer=settings.oidc_issuer,
            client_id=settings.oidc_client_id,
            client_secret=secret.get_secret_value() if secret else None,
            login_claim=settings.oidc_login_claim,
            scope=settings.oidc_scope,
            acr=tuple(settings.oidc_acr_values.split()),
        )
        seal = SignedSeal(house.key, settings.origin_of_register, settings.trusted_keys_dir)
        house.app.state.seal = seal
        every = timedelta(seconds=settings.checkpoint_every)
        warn_every = timedelta(seconds=settings.warn_every)
        return {
            "checkpoints": lambda: sign_for_ever(house.database, seal, house.clock, every=every),
            "warnings": lambda: warn_for_ever(house.database, house.clock, every=warn_every),
        }

    def subscriptions(house: House) -> list[Subscription]:
        return RegisterDesk(house.app.state.verifier, house.clock, settings.accept_unsealed_rows).subscriptions()

    parts = assemble(
        service="access",
        title="Vigie — accès",
        settings=settings,
        routers=ROUTERS,
        subscriptions=subscriptions,
        wire=wire,
        clock=clock,
        on_close=lambda _house: http.aclose,
    )
    errors.install(parts.app)
    return parts
