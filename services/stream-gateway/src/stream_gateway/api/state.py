"""What the routes share, set by the composition root on ``app.state``."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from common.database import Database
from stream_gateway.followed_stills import Stills
from stream_gateway.live.feeds import LiveFeeds
from stream_gateway.live.showing import Showing
from stream_gateway.live.watch import SessionWatch
from stream_gateway.playback.marked import MarkedFilms
from stream_gateway.playback.room import ReplayRoom
from stream_gateway.ports import CameraSources, SegmentIndex
from stream_gateway.session_tokens import SessionTokens
from stream_gateway.settings import Settings
from stream_gateway.webrtc.peers import WhepPeers


def _database(connection: HTTPConnection) -> Database:
    return connection.app.state.database


def _settings(connection: HTTPConnection) -> Settings:
    return connection.app.state.settings


def _feeds(connection: HTTPConnection) -> LiveFeeds:
    return connection.app.state.feeds


def _showing(connection: HTTPConnection) -> Showing:
    return connection.app.state.showing


def _stills(connection: HTTPConnection) -> Stills:
    return connection.app.state.stills


def _watch(connection: HTTPConnection) -> SessionWatch:
    return connection.app.state.watch


def _tokens(connection: HTTPConnection) -> SessionTokens:
    return connection.app.state.session_tokens


def _sources(connection: HTTPConnection) -> CameraSources:
    return connection.app.state.sources


def _index(connection: HTTPConnection) -> SegmentIndex:
    return connection.app.state.segment_index


def _room(connection: HTTPConnection) -> ReplayRoom:
    return connection.app.state.replay_room


def _marked_films(connection: HTTPConnection) -> MarkedFilms:
    return connection.app.state.marked_films


def _whep(connection: HTTPConnection) -> WhepPeers:
    return connection.app.state.whep


TheDatabase = Annotated[Database, Depends(_database)]
"""For the routes that must commit before they act on the outside; all others take ``common.web.Tx``."""
TheSettings = Annotated[Settings, Depends(_settings)]
TheFeeds = Annotated[LiveFeeds, Depends(_feeds)]
TheShowing = Annotated[Showing, Depends(_showing)]
TheStills = Annotated[Stills, Depends(_stills)]
TheWatch = Annotated[SessionWatch, Depends(_watch)]
TheTokens = Annotated[SessionTokens, Depends(_tokens)]
TheSources = Annotated[CameraSources, Depends(_sources)]
TheIndex = Annotated[SegmentIndex, Depends(_index)]
TheWhep = Annotated[WhepPeers, Depends(_whep)]
TheRoom = Annotated[ReplayRoom, Depends(_room)]
TheMarkedFilms = Annotated[MarkedFilms, Depends(_marked_films)]
