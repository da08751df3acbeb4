"""The public language of Vigie: event envelope, payloads and subjects.

One module per owning service. Only pydantic and the standard library: anybody who speaks to Vigie can depend
on this package without taking anything else along.
"""
