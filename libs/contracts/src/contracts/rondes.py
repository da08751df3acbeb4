"""Facts of rondes (video patrols) and of the screens of a wall; the stream gateway owns them (stream ``STREAM``).

``communes`` are the territories a screen or a ronde belongs to: where there are several, the envelope's ``insee`` is
the centre's, and whoever shows the fact to an agent compares them with that agent's.
"""

from uuid import UUID

from pydantic import AwareDatetime

from contracts.envelope import Insee, Payload

FACT_SCREEN_CHANGED = "screen_changed"
FACT_RONDE_RUN_CHANGED = "ronde_run_changed"
FACT_RONDE_STEP = "ronde_step"


class ScreenChanged(Payload):
    """A screen of the wall shows something else, or is defined anew. Which cameras: ask the gateway, by one's rights.

    ``origin``: agent, scene, ronde or definition. ``revision`` grows with each change.
    """

    screen_id: str
    communes: tuple[Insee, ...]
    revision: int
    origin: str
    pushed_by: str
    pushed_at: AwareDatetime


class RondeRunChanged(Payload):
    """A ronde was due, began, paused, went on or ended; ``reason`` is a French sentence, empty where none is needed.

    ``state``: attendue, en_cours, en_pause, a_clore, terminee, arretee, manquee.
    """

    run_id: UUID
    ronde_id: UUID
    name: str
    purpose: str
    communes: tuple[Insee, ...]
    state: str
    reason: str
    agent_id: str | None
    at: AwareDatetime
    step: int | None
    steps: int


class RondeStepNoted(Payload):
    """One step of a ronde began, ended or was judged by a person: what the main courante keeps of it.

    ``phase``: entree, sortie or constat. ``step`` counts from 0. ``finding``: ras, evenement, masque_ko, image_ko or
    non_constate. ``picture``: ok, masque_ko, image_ko, or None where it was not looked at; ``preset_outcome``:
    atteinte, camera_prise_en_main, refusee, echec, or None. ``seen_by``: agents who had the camera open meanwhile.
    """

    run_id: UUID
    ronde_id: UUID
    step: int
    phase: str
    camera_id: str
    preset: str | None
    dwell_seconds: int
    agent_id: str | None
    at: AwareDatetime
    entered_at: AwareDatetime | None
    left_at: AwareDatetime | None
    finding: str
    note: str
    incident_id: str | None
    picture: str | None
    picture_reason: str
    preset_outcome: str | None
    seen_by: tuple[str, ...] = ()
    screen_id: str | None = None
