"""Puts the parts of a media node together, for the process that records."""

from functools import partial

from starlette.datastructures import State

from common.bus import Bus
from guard import Guard
from stream_gateway.ingest.cameras import CameraHubs
from stream_gateway.ingest.hub import HubLimits, HubTools
from stream_gateway.ingest.starts import Starts
from stream_gateway.masking.sources import MaskedSources
from stream_gateway.placement.bucket import Bucket
from stream_gateway.placement.service import Placement
from stream_gateway.placement.settings import NodeIdentity, Pace
from stream_gateway.recording.crew import Crew
from stream_gateway.recording.demand import Demand
from stream_gateway.recording.ledger import OutboxLedger
from stream_gateway.recording.recorder import RecorderTools
from stream_gateway.recording.recording import PlacementChanges, Recording
from stream_gateway.recording.room import SpoolRoom
from stream_gateway.recording.spool import Spool
from stream_gateway.recording.uploads import Uploads
from stream_gateway.repository.envelopes import SOURCE
from stream_gateway.settings import Settings


def open_incidents(guard: Guard) -> frozenset[str]:
    """Return the cameras that open incidents name."""
    incidents = guard.replicas.incidents.values()
    return frozenset(camera for one in incidents if one.closed_at is None for camera in one.camera_ids)


def recording(state: State) -> Recording:
    """Return the media node as the settings say, on what the composition root has opened.

    Sets ``state.hubs``, ``state.placement`` and ``state.recorder_tools``.
    """
    settings: Settings = state.settings
    guard: Guard = state.guard
    bus: Bus = state.bus
    spool = Spool(settings.spool_dir)
    urgent = partial(open_incidents, guard)
    uploads = Uploads(
        spool=spool,
        store=state.object_store,
        database=state.database,
        clock=state.clock,
        at_once=settings.uploads_at_once,
        urgent=urgent,
    )
    state.health.add("spool", uploads.disk_reason)
    ledger = OutboxLedger(state.database, state.clock, SOURCE)
    room = SpoolRoom(
        disk_ratio=spool.disk_ratio,
        spooled_bytes=uploads.waiting_bytes,
        limit_bytes=settings.spool_limit_bytes,
    )
    starts = Starts(rate=settings.pulls_per_second, burst=settings.pulls_per_second)
    limits = HubLimits(silence_seconds=settings.silence_seconds)
    masked = MaskedSources(state.sources, state.guard.cameras.get)
    hubs = CameraHubs(
        HubTools(engines=state.engines, clock=state.clock, starts=starts.turn, limits=limits),
        masked,
        state.revision_of,
        masked.stands,
    )
    changes = PlacementChanges()
    identity = NodeIdentity(
        node_id=settings.node_id,
        capacity=settings.node_capacity,
        communes=tuple(settings.node_communes),
        url=settings.node_url or f"http://127.0.0.1:{settings.api_port}",
        spare=settings.node_spare,
    )
    demand = Demand(guard.cameras, state.clock)
    placement = Placement(
        partial(Bucket, bus),
        identity,
        clock=state.clock,
        cameras=demand.communes,
        on_gain=changes.gained,
        on_loss=changes.lost,
        pace=Pace(settle_seconds=settings.placement_settle_seconds),
    )
    tools = RecorderTools(
        spool=spool,
        ledger=ledger,
        offer=uploads.offer,
        clock=state.clock,
        gate=placement.gate,
        undecided=lambda: placement.doubtful,
        room=lambda camera_id: room.refusal(urgent=camera_id in urgent()),
        node_id=settings.node_id,
        segment_seconds=settings.segment_seconds,
    )
    crew = Crew(tools=tools, hubs=hubs, placement=placement, database=state.database, clock=state.clock)
    made = Recording(
        crew=crew,
        hubs=hubs,
        placement=placement,
        spool=spool,
        room=room,
        uploads=uploads,
        ledger=ledger,
        database=state.database,
        clock=state.clock,
        demand=demand,
        changes=changes,
        drain_seconds=settings.drain_seconds,
    )
    state.hubs = hubs
    state.placement = placement
    state.recorder_tools = tools
    return made
