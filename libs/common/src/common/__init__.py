"""Plumbing without a business word: what every service of Vigie stands on.

Database and transactions, outbox → relay → NATS → inbox, authentication, problems, live boards, object store,
telemetry and the entry point of a service. Nothing here knows what a camera or an incident is.
"""
