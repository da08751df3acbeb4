"""HTTP and WebSocket routes: parse, use case, response."""

from stream_gateway.api import cameras, recorders, replays, sessions, viewing

ROUTERS = (sessions.router, viewing.router, cameras.router, replays.router, recorders.router)
