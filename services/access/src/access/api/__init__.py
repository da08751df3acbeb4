"""Routes of the service, one module per concept; ``ROUTERS`` lists them for the composition root."""

from access.api import agents, policy, register, sessions

ROUTERS = (sessions.router, agents.router, register.router, policy.router)
