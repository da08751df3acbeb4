"""What viewers are told when the node that should have their camera does not, over a real socket."""

import asyncio

import pytest
from fastapi import FastAPI

from common.testing.serving import serving
from common.testing.tokens import TokenMint
from stream_gateway.api import between_nodes
from stream_gateway.live.far import FarNodes
from stream_gateway.live.feed import FeedLimits, LiveFeed
from stream_gateway.live.feeds import NOT_PLACED
from stream_gateway.live.viewer import FeedState

pytestmark = pytest.mark.integration


async def told_by(url: str | None, tokens: TokenMint) -> FeedState:
    """Return what a feed says after it was followed to a node."""
    feed = LiveFeed(FeedLimits())
    viewer = feed.join()
    await viewer.next_part()
    async with asyncio.timeout(30):
        await FarNodes(lambda _camera_id: url, tokens.key("stream-gateway")).follow("PV-1", "main", feed)
        part = await viewer.next_part()
    assert isinstance(part, FeedState)
    return part


async def test_a_node_that_has_not_got_the_camera_is_no_broken_line(tokens: TokenMint) -> None:
    node = FastAPI()
    node.include_router(between_nodes.router)
    node.state.verifier = tokens.verifier
    async with serving(node) as url:
        assert await told_by(url, tokens) == FeedState("reconnecting", NOT_PLACED)
    gone = await told_by(url, tokens)
    assert (gone.state, "liaison" in gone.reason) == ("reconnecting", True)
    assert await told_by(None, tokens) == FeedState("reconnecting", NOT_PLACED)
