"""Owns agents, organisations, habilitations, sessions and the register (*registre*).

Consumes every service's ``register.entry_requested`` and chains it into the register; watches cameras to explain
decisions. Publishes ``agent_changed``, ``agent_revoked`` and the ``agents`` bucket every service judges with.
"""
