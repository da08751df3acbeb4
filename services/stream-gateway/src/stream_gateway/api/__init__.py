"""HTTP and WebSocket routes: parse, use case, response."""

from stream_gateway.api import ptz, recorders, replays, sessions, stills, viewing

ROUTERS = (sessions.router, viewing.router, ptz.router, stills.router, replays.router, recorders.router)
