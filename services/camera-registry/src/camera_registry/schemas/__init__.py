"""Requests and responses of the registry's HTTP face, one module per concept."""
