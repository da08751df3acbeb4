"""Messages to partners, text only.

Owns partners and dispatches, their delivery by signed webhook and their acknowledgement; consumes
``incident_transmitted``; publishes ``dispatch_changed`` at each state.
"""
