"""Incidents and their main courante.

Owns incidents, their numbers without gaps and their append-only timelines; consumes what dispatch says of the
messages sent to partners and the alarms of the registry; publishes ``incident_opened``, ``incident_transitioned``
and ``incident_transmitted``.
"""
