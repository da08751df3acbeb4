"""Which role may ask for which action: the first filter, before camera, commune, time and context.

Read a line as "this action: these roles". A role that is on no line may do nothing.
"""

from policy.model import Action, Role

_ROOM = frozenset({Role.OPERATEUR, Role.CHEF_DE_SALLE, Role.RESPONSABLE_CSU})
_HEADS = frozenset({Role.CHEF_DE_SALLE, Role.RESPONSABLE_CSU})
_REPLAY_ROOM = frozenset({Role.AGENT_RELECTURE})
_MUNICIPAL = frozenset({Role.POLICIER_MUNICIPAL})
_FORCES = frozenset({Role.PARTENAIRE_PN, Role.PARTENAIRE_GN})
_FIRE = frozenset({Role.PARTENAIRE_SDIS})
_RED_CROSS = frozenset({Role.PARTENAIRE_CROIX_ROUGE})
_TECHNICAL = frozenset({Role.TECHNICIEN})
_ADMIN = frozenset({Role.ADMIN})
_CONTROL = frozenset({Role.DPO, Role.AUDITEUR})
_DPO = frozenset({Role.DPO})
_MAYOR = frozenset({Role.MAIRE})

MATRIX: dict[Action, frozenset[Role]] = {
    Action.LIVE: _ROOM | _MUNICIPAL | _FORCES | _FIRE | _TECHNICAL,
    Action.PTZ: _ROOM | _FORCES | _TECHNICAL,
    Action.SNAPSHOT: _ROOM | _TECHNICAL,
    Action.SHARE: _ROOM,
    Action.REPLAY: _ROOM | _REPLAY_ROOM,
    Action.EXPORT: _HEADS | _REPLAY_ROOM,
    Action.VIEW_CAMERA: _ROOM | _REPLAY_ROOM | _MUNICIPAL | _FORCES | _FIRE | _TECHNICAL | _ADMIN | _CONTROL,
    Action.VIEW_RECORDINGS: _ROOM | _REPLAY_ROOM | _TECHNICAL | _CONTROL,
    Action.HOLD: _HEADS | _REPLAY_ROOM,
    Action.MASK: _HEADS | _TECHNICAL,
    Action.MASK_STILL: _HEADS | _TECHNICAL,
    Action.CONFIGURE: _TECHNICAL | _ADMIN,
    Action.MANAGE_AUTHORISATIONS: _ADMIN,
    Action.SUPERVISE: _HEADS | _TECHNICAL | _ADMIN,
    Action.END_VIEWING: _HEADS,
    Action.COMMAND_WALL: _ROOM,
    Action.MANAGE_RONDES: _HEADS,
    Action.VIEW_INCIDENT: _ROOM | _REPLAY_ROOM | _MUNICIPAL,
    Action.MANAGE_INCIDENT: _ROOM,
    Action.TRANSMIT: _ROOM,
    Action.VIEW_DISPATCH: _ROOM | _MUNICIPAL,
    Action.MANAGE_DISPATCH: _ROOM,
    Action.RECEIVE_DISPATCH: _MUNICIPAL | _FORCES | _FIRE | _RED_CROSS,
    Action.MANAGE_PARTNERS: _ADMIN,
    Action.READ_REGISTER: _HEADS | _CONTROL,
    Action.VERIFY_REGISTER: _HEADS | _CONTROL | _ADMIN,
    Action.VIEW_AGENTS: _HEADS | _DPO | _ADMIN,
    Action.MANAGE_AGENTS: _ADMIN,
    Action.EXPLAIN_POLICY: _HEADS | _DPO | _ADMIN,
    Action.VIEW_STATISTICS: _HEADS | _MAYOR | _CONTROL | _ADMIN,
}

CONDITIONS: dict[tuple[Role, Action], str] = {
    (Role.OPERATEUR, Action.REPLAY): "incident ou réquisition",
    **{(role, Action.EXPORT): "réquisition ou droit d'accès" for role in (*_HEADS, *_REPLAY_ROOM)},
    **{
        (role, action): "partage nominatif"
        for role in (*_FORCES, *_FIRE)
        for action in (Action.LIVE, Action.PTZ)
        if role in MATRIX[action]
    },
    **{(Role.TECHNICIEN, action): "ticket" for action in (Action.LIVE, Action.PTZ, Action.SNAPSHOT, Action.MASK_STILL)},
}
"""The context a role needs for an action, in words: what the table of rules checks after the matrix."""


def roles_allowed(action: Action) -> frozenset[Role]:
    """Return the roles that may ask for an action; nobody for one that is on no line."""
    return MATRIX.get(action, frozenset())


def _cell(role: Role, action: Action) -> str:
    if role not in roles_allowed(action):
        return ""
    return CONDITIONS.get((role, action), "oui")


def matrix_csv() -> str:
    """Return the matrix as CSV: one line per action, one column per role, empty means refused."""
    head = ["action", *(role.value for role in Role)]
    lines = [[action.value, *(_cell(role, action) for role in Role)] for action in Action]
    return "".join(",".join(line) + "\n" for line in [head, *lines])


def matrix_markdown() -> str:
    """Return the matrix as Markdown: one line per action, one column per role, ``–`` means refused."""
    head = "| action | " + " | ".join(f"`{role.value}`" for role in Role) + " |\n"
    rule = "|---" * (len(Role) + 1) + "|\n"
    lines = [
        f"| `{action.value}` | " + " | ".join(_cell(role, action) or "–" for role in Role) + " |\n" for action in Action
    ]
    return head + rule + "".join(lines)
