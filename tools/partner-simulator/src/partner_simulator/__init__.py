"""A stand-in for a partner's alarm system: receives signed webhooks, keeps an inbox, acknowledges.

It is a simulator and says so everywhere. It speaks only the public protocol (Standard Webhooks over HTTP)
with the third-party ``standardwebhooks`` library and imports nothing of Vigie: what it accepts, a partner
would accept.
"""
