"""The access policy of Vigie: pure rules over plain values, no I/O, no clock, no dependency.

``decide`` answers one question (may this agent do this, on this camera, in this context, at this second?);
``explain`` answers it step by step. Both walk the same table of rules (``policy.rules.RULES``).
"""

from policy.decision import Decision, Explanation, Step, decide, explain, permissions
from policy.matrix import matrix_csv, matrix_markdown, roles_allowed
from policy.model import (
    CENTRE,
    IMAGE_ACTIONS,
    LIVE_ACTIONS,
    Action,
    Agent,
    Authorisation,
    Camera,
    CameraStatus,
    Context,
    OperatingMode,
    OrganisationKind,
    Role,
    Share,
    Window,
)
from policy.rules import RULES, Rule

__all__ = [
    "CENTRE",
    "IMAGE_ACTIONS",
    "LIVE_ACTIONS",
    "RULES",
    "Action",
    "Agent",
    "Authorisation",
    "Camera",
    "CameraStatus",
    "Context",
    "Decision",
    "Explanation",
    "OperatingMode",
    "OrganisationKind",
    "Role",
    "Rule",
    "Share",
    "Step",
    "Window",
    "decide",
    "explain",
    "matrix_csv",
    "matrix_markdown",
    "permissions",
    "roles_allowed",
]
