"""The access policy of Vigie: pure rules over plain values, no I/O, no clock, no dependency.

``decide`` answers one question (may this agent do this, on this camera, in this context, at this second?);
``explain`` answers it step by step. Both walk the same table of rules (``policy.rules.RULES``).
"""

from policy.decision import Decision, Explanation, Step, decide, explain, permissions
from policy.matrix import matrix_csv, matrix_markdown, roles_allowed
from policy.model import (
    CENTRE,
    IMAGE_ACTIONS,
    INCIDENT_OUTLIVES_CLOSURE,
    LIVE_ACTIONS,
    NO_SILENCE,
    NO_TOWN_RULES,
    Action,
    Agent,
    Authorisation,
    Camera,
    CameraStatus,
    Context,
    Incident,
    OperatingMode,
    OrganisationKind,
    Role,
    Share,
    Ticket,
    TicketPurpose,
    TownRules,
    Window,
)
from policy.rules import RULES, Rule
from policy.simulation import Opener, Outlook, RefusedGroup, simulate
from policy.watermark import burns_watermark, is_outside

__all__ = [
    "CENTRE",
    "IMAGE_ACTIONS",
    "INCIDENT_OUTLIVES_CLOSURE",
    "LIVE_ACTIONS",
    "NO_SILENCE",
    "NO_TOWN_RULES",
    "RULES",
    "Action",
    "Agent",
    "Authorisation",
    "Camera",
    "CameraStatus",
    "Context",
    "Decision",
    "Explanation",
    "Incident",
    "Opener",
    "OperatingMode",
    "OrganisationKind",
    "Outlook",
    "RefusedGroup",
    "Role",
    "Rule",
    "Share",
    "Step",
    "Ticket",
    "TicketPurpose",
    "TownRules",
    "Window",
    "burns_watermark",
    "decide",
    "explain",
    "is_outside",
    "matrix_csv",
    "matrix_markdown",
    "permissions",
    "roles_allowed",
    "simulate",
]
