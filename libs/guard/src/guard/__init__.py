"""The door every service stands behind.

Owns nothing: it holds the local replicas of agents and cameras, asks ``policy.decide`` and writes the register
row in the caller's transaction, so that there is one way to an image and it always leaves a trace.
"""

from guard.check import Grant, Guard, Motive, Refusal, Window

__all__ = ["Grant", "Guard", "Motive", "Refusal", "Window"]
