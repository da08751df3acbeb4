"""Requests and responses of the stream gateway's API, by concept."""
