"""The embedded default: every part of Vigie on one machine, and the ``vigie`` command.

Starts the real servers, the identity provider, the six services, the simulators of the demonstration and one web
server, keeps them alive and stops them in reverse order. Nothing here knows the trade: what a town looks like
belongs to the services, which seed themselves.
"""
