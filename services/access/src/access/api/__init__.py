"""Routes of the service, one module per concept; ``ROUTERS`` lists them for the composition root."""

from access.api import agents, machine_clients, policy, register, roster, sessions

ROUTERS = (sessions.router, roster.router, agents.router, machine_clients.router, register.router, policy.router)
