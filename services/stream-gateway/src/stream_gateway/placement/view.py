"""The media nodes as a process sees them that is none itself: for the API."""

import asyncio

from contracts.media_nodes import PlacementState
from contracts.streams import BUCKET_PLACEMENTS
from stream_gateway.placement.bucket import OpenBucket
from stream_gateway.placement.clocks import boot_clock
from stream_gateway.placement.holders import Holders
from stream_gateway.placement.nodes import NodesWatch, NodeView


class FleetView:
    """Mirrors nodes and placements between ``start`` and ``close``; judges nobody."""

    def __init__(self, open_bucket: OpenBucket) -> None:
        self._bucket = open_bucket(BUCKET_PLACEMENTS)
        self._nodes = NodesWatch(open_bucket, me="", monotonic=boot_clock, on_change=lambda: None)
        self._holders = Holders(
            node_id="",
            instance="",
            monotonic=boot_clock,
            linger=lambda: 0.0,
            on_gain=lambda _: None,
            on_loss=lambda _: None,
        )
        self._following: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to follow; a bus that is away is followed when it comes."""
        self._following = [
            asyncio.create_task(self._nodes.run(), name="media nodes"),
            asyncio.create_task(self._bucket.follow(self._holders.apply, self._holders.keep_only), name="placements"),
        ]

    async def close(self) -> None:
        """Stop following."""
        for task in self._following:
            task.cancel()
        await asyncio.gather(*self._following, return_exceptions=True)

    def nodes(self) -> list[NodeView]:
        """Return all nodes, in order of their ids."""
        loads = self._holders.loads()
        return self._nodes.views(lambda node_id: loads[node_id])

    def knows(self, node_id: str) -> bool:
        """Tell whether such a node was ever heard."""
        return self._nodes.state(node_id) is not None

    def cameras_of(self) -> dict[str, list[str]]:
        """Return the cameras that each node holds, in order."""
        found: dict[str, list[str]] = {}
        for camera, placed in sorted(self._holders.placed.items()):
            if placed.value is not None and placed.value.state is not PlacementState.RELEASED:
                found.setdefault(placed.value.node_id, []).append(camera)
        return found

    def url_of(self, camera_id: str) -> str | None:
        """Return the base URL of the node that holds a camera, None when none does or it is not known."""
        value = self._holders.of(camera_id).value
        if value is None or value.state is PlacementState.RELEASED:
            return None
        state = self._nodes.state(value.node_id)
        return state.url if state is not None and state.url else None

    def others(self, node_id: str) -> dict[str, str]:
        """Return the base URLs of the live nodes besides one, by name."""
        alive = [view.state for view in self.nodes() if view.alive and view.state.node_id != node_id]
        return {state.node_id: state.url for state in alive if state.url}
