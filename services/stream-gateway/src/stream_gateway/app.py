"""Composition root of the stream gateway."""

import httpx

from common.clock import Clock
from common.object_store import ObjectStore
from common.service import Part, ServiceParts
from guard.assembly import House, assemble
from stream_gateway.api import ROUTERS
from stream_gateway.ffmpeg.engine import FfmpegEngine
from stream_gateway.live.serving import serve_live
from stream_gateway.onvif_ptz import OnvifPtz
from stream_gateway.recording.assembly import recording
from stream_gateway.registry_client import RegistrySources
from stream_gateway.repository.envelopes import SOURCE
from stream_gateway.retention_client import RetentionIndex
from stream_gateway.session_tokens import SessionTokens
from stream_gateway.settings import Settings


def build(settings: Settings, clock: Clock | None = None) -> ServiceParts:
    """Wire the service; nothing is connected before ``open``. A test may bring a clock that it moves."""

    def wire(house: House) -> dict[str, Part]:
        state, key = house.app.state, house.key
        access, secret = settings.s3_access_key.get_secret_value(), settings.s3_secret_key.get_secret_value()
        state.settings, state.engine, state.http = settings, FfmpegEngine(), httpx.AsyncClient()
        state.object_store = ObjectStore(settings.s3_endpoint, access, secret, secure=settings.s3_secure)
        state.ptz = OnvifPtz(settings.ptz_seconds)
        state.session_tokens = SessionTokens(key, settings.session_token_seconds)
        state.sources = RegistrySources(state.http, settings.registry_url, key)
        state.segment_index = RetentionIndex(state.http, settings.retention_url, key)

        async def record() -> None:
            await recording(state).run()

        return {"recording": record}

    def on_close(house: House) -> Part:
        async def close() -> None:
            await house.app.state.ptz.close()
            await house.app.state.http.aclose()

        return close

    return assemble(
        service=SOURCE,
        title="Vigie: vidéo",
        settings=settings,
        routers=ROUTERS,
        subscriptions=lambda _house: [],
        wire=wire,
        lifespan=serve_live,
        on_close=on_close,
        clock=clock,
    )
