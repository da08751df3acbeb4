"""Rows for the register's benches: what a busy centre asks for, with text that resembles the trade's."""

from datetime import UTC, datetime, timedelta

from common.ids import new_id
from contracts.access import RegisterEntry, RegisterResult

START = datetime(2026, 1, 1, tzinfo=UTC)
_COMMUNES = ("95598", "95210", "95428", "95219", "95252", "95255", "95288", "95426")
_ACTIONS = ("live", "live", "live", "ptz", "replay", "snapshot", "view_camera", "read_register")
_WHY = ("ronde de nuit", "rixe place de la gare", "réquisition judiciaire", "accident rue de Paris", "stade")


def entry(number: int) -> RegisterEntry:
    """Return row ``number`` (from 0): one every five seconds, 16 communes' worth of cameras and 60 agents."""
    commune = _COMMUNES[number * 7 % len(_COMMUNES)]
    camera = number * 31 % 2000
    agent = number * 17 % 60
    return RegisterEntry(
        entry_id=new_id(),
        at=START + timedelta(seconds=5 * number),
        actor_id=f"op.agent{agent}",
        actor_name=f"Agent {agent}",
        actor_role="operateur",
        habilitation_id=f"HAB-2026-{agent:03}",
        organisation="CA Plaine Vallée" if agent % 5 else "Police municipale de Soisy",
        action=_ACTIONS[number % len(_ACTIONS)],
        camera_id=f"PV-{commune}-{camera:04}-P1",
        camera_label=f"Place de la République {camera}",
        insee=commune,
        authorisation_id=f"AUT-{commune}-2024-0012",
        motive_code="surveillance" if number % 3 else "requisition",
        motive_text=f"{_WHY[number % len(_WHY)]} numéro {number % 5000}",
        context=f"incident:2026-{commune}-{number % 90000:06}" if number % 4 == 0 else "",
        station=f"10.12.0.{agent}",
        window_from=None,
        window_until=None,
        recipient=None,
        result=RegisterResult.REFUSED if number % 50 == 0 else RegisterResult.ALLOWED,
        rule="toutes_regles",
        citation="Politique d'accès Vigie : toutes les règles sont satisfaites",
    )
