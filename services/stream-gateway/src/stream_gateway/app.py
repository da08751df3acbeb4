"""Composition root of the stream gateway."""

from functools import partial

import httpx
from starlette.datastructures import State

from common.clock import Clock
from common.object_store import ObjectStore
from common.service import Part, ServiceParts
from contracts.registry import CameraState
from guard.assembly import House, assemble
from stream_gateway.api import ROUTERS
from stream_gateway.backfill.assembly import edge_backfill
from stream_gateway.ingest.cameras import CameraHubs
from stream_gateway.ingest.engines import burning_budget, engines
from stream_gateway.masking.wire import Coding
from stream_gateway.placement.bucket import Bucket
from stream_gateway.placement.service import Placement
from stream_gateway.placement.view import FleetView
from stream_gateway.playback.far import FarFootage
from stream_gateway.playback.marked import MarkedFilms
from stream_gateway.playback.recent import SpoolFootage
from stream_gateway.playback.room import ReplayRoom
from stream_gateway.ptz.assembly import close_ptz, ptz_care, wire_ptz
from stream_gateway.recording.assembly import recording
from stream_gateway.registry_client import RegistrySources, revision_of
from stream_gateway.repository.envelopes import SOURCE
from stream_gateway.retention_client import RetentionIndex
from stream_gateway.serving import serve_live
from stream_gateway.session_tokens import SessionTokens
from stream_gateway.settings import Settings

_IDLE_TRANSACTION_SECONDS = 20.0
"""A node frozen in the middle of a transaction holds the ledger's rows of all cameras that it speaks of, and the node
that took them over could announce nothing. No transaction of this service waits so long for anything else: the slowest
asks the retention service or another node, some seconds at most."""


def build(settings: Settings, clock: Clock | None = None) -> ServiceParts:
    """Wire the service; nothing is connected before ``open``. A test may bring a clock that it moves."""

    def wire(house: House) -> dict[str, Part]:
        state, key = house.app.state, house.key
        access, secret = settings.s3_access_key.get_secret_value(), settings.s3_secret_key.get_secret_value()
        state.settings, state.http = settings, httpx.AsyncClient()
        state.burning = burning_budget(settings)
        state.engines = engines(state)
        state.revision_of = partial(revision_of, house.guard)
        state.object_store = ObjectStore(settings.s3_endpoint, access, secret, secure=settings.s3_secure)
        state.session_tokens = SessionTokens(key, settings.session_token_seconds)
        state.sources = RegistrySources(state.http, settings.registry_url, key)
        wire_ptz(state, key)
        state.segment_index = RetentionIndex(state.http, settings.retention_url, key)
        state.own_footage = SpoolFootage(settings.spool_dir)
        recent = FarFootage(state.own_footage, lambda: state.media_nodes.others(settings.node_id), state.http, key)
        state.replay_room = ReplayRoom.over(store=state.object_store, recent=recent, index=state.segment_index)
        state.marked_films = MarkedFilms(state.replay_room, state.burning, Coding())

        house.cameras.on_change(partial(_tell_node, state))

        state.media_nodes = FleetView(partial(Bucket, house.bus))
        state.media_nodes.start()

        async def record() -> None:
            node = recording(state)
            await node.run(*edge_backfill(state))

        return {"recording": record, "ptz": ptz_care(state).run}

    def on_close(house: House) -> Part:
        async def close() -> None:
            await house.app.state.media_nodes.close()
            await close_ptz(house.app.state)
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
        node=frozenset({"recording"}),
        idle_transaction_seconds=_IDLE_TRANSACTION_SECONDS,
    )


def _tell_node(state: State, camera_id: str, _camera: CameraState | None) -> None:
    """Act upon a camera's new state in the moment in which it is heard: its masks may be other ones, or it is new."""
    hubs: CameraHubs | None = getattr(state, "hubs", None)
    placement: Placement | None = getattr(state, "placement", None)
    if hubs is not None:
        hubs.changed(camera_id)
    if placement is not None:
        placement.consider(camera_id)
