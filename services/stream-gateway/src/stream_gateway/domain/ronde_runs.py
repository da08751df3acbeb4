"""One execution of a ronde: a state machine over plain values; who drives it brings the time.

``attendue → en_cours ⇄ en_pause → a_clore → terminee``, or ``arretee`` by a person, or ``manquee`` when nobody took
a scheduled one. After the last look it waits to be closed, so that findings can be completed; a run that ended is
never changed again.

Two promises, whatever stops the machine: every step that is not skipped is *executed* for its whole dwell (time in
which nobody drove the run does not count), and no step is passed over.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from stream_gateway.domain.rondes import Ronde, RondeStep

UNATTENDED_AFTER = timedelta(seconds=5)
"""A gap between two ticks from which on nobody drove the run: its step goes on where it was."""

TAKE_WITHIN = timedelta(minutes=15)
"""How long a scheduled ronde waits for an agent."""

CLOSE_WITHIN = timedelta(minutes=5)
"""How long findings can be completed after the last look."""


class RunState(StrEnum):
    """Where an execution stands."""

    ATTENDUE = "attendue"
    EN_COURS = "en_cours"
    EN_PAUSE = "en_pause"
    A_CLORE = "a_clore"
    TERMINEE = "terminee"
    ARRETEE = "arretee"
    MANQUEE = "manquee"


DRIVEN = frozenset({RunState.EN_COURS, RunState.EN_PAUSE})
ENDED = frozenset({RunState.TERMINEE, RunState.ARRETEE, RunState.MANQUEE})


class Finding(StrEnum):
    """What a person found at a step."""

    RAS = "ras"
    EVENEMENT = "evenement"
    MASQUE_KO = "masque_ko"
    IMAGE_KO = "image_ko"
    NON_CONSTATE = "non_constate"


class Picture(StrEnum):
    """What the house itself found: bytes that decode, and masks that are signed."""

    OK = "ok"
    MASQUE_KO = "masque_ko"
    IMAGE_KO = "image_ko"


class PresetOutcome(StrEnum):
    """Whether the camera went to the stored position."""

    ATTEINTE = "atteinte"
    PRISE_EN_MAIN = "camera_prise_en_main"
    REFUSEE = "refusee"
    ECHEC = "echec"


class RunRefused(Exception):
    """The run is not in a state for this. The text is a French sentence."""


@dataclass(frozen=True, slots=True)
class Patrol:
    """The agent in whose name a run goes on, with the log-in: losing either pauses it."""

    agent_id: str
    agent_name: str
    login_id: str | None
    epoch: int
    station: str


@dataclass(frozen=True, slots=True)
class StepRecord:
    """What is known of one step. Instants are None until the step began and ended."""

    step: RondeStep
    entered_at: datetime | None = None
    left_at: datetime | None = None
    skipped: bool = False
    finding: Finding = Finding.NON_CONSTATE
    found_by: str | None = None
    found_by_name: str = ""
    found_at: datetime | None = None
    note: str = ""
    incident_id: str | None = None
    picture: Picture | None = None
    picture_reason: str = ""
    preset_outcome: PresetOutcome | None = None
    preset_reason: str = ""
    seen_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RondeRun:
    """An execution. ``current`` is the step (from 0) that is being looked at, or was when it paused.

    ``due_at``: when it should have begun. ``ticked_at``: when it was last driven; ``ends_at``: when the present step
    is over if it is driven until then, None unless running. ``remaining``: what a paused step still lacks.
    ``unattended``: time in which nobody drove it; ``paused``: time in pauses that are over.
    """

    run_id: UUID
    ronde_id: UUID
    name: str
    purpose: str
    state: RunState
    due_at: datetime
    records: tuple[StepRecord, ...]
    patrol: Patrol | None = None
    scheduled: bool = False
    reason: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    current: int | None = None
    ticked_at: datetime | None = None
    ends_at: datetime | None = None
    remaining: timedelta = timedelta(0)
    paused_at: datetime | None = None
    paused: timedelta = timedelta(0)
    unattended: timedelta = timedelta(0)
    screen_id: str | None = None
    place: int = 0

    @classmethod
    def due(
        cls,
        ronde: Ronde,
        *,
        run_id: UUID,
        at: datetime,
        scheduled: bool,
        screen_id: str | None = None,
        place: int | None = None,
    ) -> "RondeRun":
        """Return a run that waits for an agent; the definition as of now is what will be carried out."""
        return cls(
            run_id=run_id,
            ronde_id=ronde.ronde_id,
            name=ronde.name,
            purpose=ronde.purpose,
            state=RunState.ATTENDUE,
            due_at=at,
            records=tuple(StepRecord(step) for step in ronde.steps),
            scheduled=scheduled,
            screen_id=screen_id or ronde.screen_id,
            place=ronde.place if place is None else place,
        )

    @property
    def communes(self) -> frozenset[str]:
        """The communes of its cameras."""
        return frozenset(record.step.insee for record in self.records)

    @property
    def present(self) -> StepRecord | None:
        """The step that is being looked at."""
        return None if self.current is None else self.records[self.current]

    def late_by(self, at: datetime) -> timedelta:
        """Return how much later it is than a run that began when due and was never held up; never negative."""
        if self.started_at is None:
            return max(at - self.due_at, timedelta(0)) if self.state is RunState.ATTENDUE else timedelta(0)
        pause = at - self.paused_at if self.paused_at else timedelta(0)
        return max(self.started_at - self.due_at, timedelta(0)) + self.paused + pause + self.unattended

    def taken(self, patrol: Patrol, at: datetime) -> "RondeRun":
        """Begin, in an agent's name; raises RunRefused unless it waits for one."""
        self._want(RunState.ATTENDUE)
        begun = replace(self, state=RunState.EN_COURS, patrol=patrol, started_at=at, reason="")
        return _entering(begun, 0, at)

    def missed(self, at: datetime) -> "RondeRun":
        """End a run that nobody took in time; the same run when there is still time."""
        if self.state is not RunState.ATTENDUE or at < self.due_at + TAKE_WITHIN:
            return self
        return replace(self, state=RunState.MANQUEE, ended_at=at, reason="Aucun agent n'a pris cette ronde.")

    def driven(self, at: datetime) -> "RondeRun":
        """Return the run as of now: at most one step further, for the next one begins when it is driven to it."""
        if self.state is RunState.A_CLORE and self.ticked_at is not None and at >= self.ticked_at + CLOSE_WITHIN:
            return replace(self, state=RunState.TERMINEE, ended_at=at, reason="Close sans constat complémentaire.")
        if self.state is not RunState.EN_COURS or self.ticked_at is None or self.ends_at is None:
            return self
        run = _caught_up(self, at)
        return _left(run, at) if run.ends_at is not None and at >= run.ends_at else run

    def paused_for(self, reason: str, at: datetime) -> "RondeRun":
        """Stop the clock of the present step; raises RunRefused unless running."""
        self._want(RunState.EN_COURS)
        run = _caught_up(self, at)
        remaining = max((run.ends_at or at) - at, timedelta(0))
        return replace(
            run, state=RunState.EN_PAUSE, reason=reason, paused_at=at, remaining=remaining, ends_at=None, ticked_at=at
        )

    def resumed(self, patrol: Patrol, at: datetime) -> "RondeRun":
        """Go on with what the step still lacks, in the name of whoever resumes; raises RunRefused unless paused."""
        self._want(RunState.EN_PAUSE)
        pause = at - self.paused_at if self.paused_at else timedelta(0)
        return replace(
            self,
            state=RunState.EN_COURS,
            patrol=patrol,
            reason="",
            paused_at=None,
            paused=self.paused + pause,
            ticked_at=at,
            ends_at=at + self.remaining,
            remaining=timedelta(0),
        )

    def skipped(self, at: datetime) -> "RondeRun":
        """Leave the present step before its time and go on; raises RunRefused unless running."""
        self._want(RunState.EN_COURS)
        return _left(_caught_up(self, at), at, skipped=True)

    def stopped(self, reason: str, at: datetime) -> "RondeRun":
        """End for good before the last step; raises RunRefused unless it is under way or waits for an agent."""
        self._want(RunState.ATTENDUE, RunState.EN_COURS, RunState.EN_PAUSE)
        run = _with_present(self, left_at=at)
        return replace(run, state=RunState.ARRETEE, ended_at=at, ends_at=None, paused_at=None, reason=reason)

    def closed(self, at: datetime) -> "RondeRun":
        """End it once the findings are complete; raises RunRefused before the last look is over."""
        self._want(RunState.A_CLORE)
        return replace(self, state=RunState.TERMINEE, ended_at=at)

    def found(
        self,
        index: int,
        finding: Finding,
        *,
        by: str,
        by_name: str,
        at: datetime,
        note: str = "",
        incident_id: str | None = None,
    ) -> "RondeRun":
        """Note what a person found at a step that began; the last word counts until the run ends.

        Raises:
            RunRefused: the run ended, or the step has not begun, or does not exist.
        """
        self._want(RunState.EN_COURS, RunState.EN_PAUSE, RunState.A_CLORE)
        if not 0 <= index < len(self.records) or self.records[index].entered_at is None:
            raise RunRefused("Cette étape n'a pas encore commencé : attendez son tour.")
        return _with_record(
            self,
            index,
            replace(
                self.records[index],
                finding=finding,
                found_by=by,
                found_by_name=by_name,
                found_at=at,
                note=note,
                incident_id=incident_id,
            ),
        )

    def pictured(self, index: int, picture: Picture, reason: str) -> "RondeRun":
        """Note what the house found of a step's picture; nothing once the run ended."""
        if self.state in ENDED:
            return self
        return _with_record(self, index, replace(self.records[index], picture=picture, picture_reason=reason))

    def positioned(self, index: int, outcome: PresetOutcome, reason: str) -> "RondeRun":
        """Note whether a step's camera went to its position; nothing once the run ended."""
        if self.state in ENDED:
            return self
        return _with_record(self, index, replace(self.records[index], preset_outcome=outcome, preset_reason=reason))

    def seen(self, index: int, agents: Sequence[str]) -> "RondeRun":
        """Note who had a step's camera open meanwhile."""
        return _with_record(self, index, replace(self.records[index], seen_by=tuple(sorted(set(agents)))))

    def _want(self, *states: RunState) -> None:
        if self.state not in states:
            raise RunRefused(_REFUSALS[self.state])


def _caught_up(run: RondeRun, at: datetime) -> RondeRun:
    """Account for time in which nobody drove the run, without moving on."""
    gap = at - (run.ticked_at or at)
    if gap <= UNATTENDED_AFTER or run.ends_at is None:
        return replace(run, ticked_at=max(at, run.ticked_at or at))
    return replace(run, ends_at=run.ends_at + gap, unattended=run.unattended + gap, ticked_at=at)


def _entering(run: RondeRun, index: int, at: datetime) -> RondeRun:
    dwell = timedelta(seconds=run.records[index].step.dwell_seconds)
    entered = _with_record(run, index, replace(run.records[index], entered_at=at))
    return replace(entered, current=index, ticked_at=at, ends_at=at + dwell)


def _left(run: RondeRun, at: datetime, *, skipped: bool = False) -> RondeRun:
    left, following = _with_present(run, left_at=at, skipped=skipped), (run.current or 0) + 1
    if following < len(run.records):
        return _entering(left, following, at)
    return replace(left, state=RunState.A_CLORE, ends_at=None, ticked_at=at)


def _with_present(run: RondeRun, *, left_at: datetime, skipped: bool = False) -> RondeRun:
    if run.current is None:
        return run
    return _with_record(run, run.current, replace(run.records[run.current], left_at=left_at, skipped=skipped))


def _with_record(run: RondeRun, index: int, record: StepRecord) -> RondeRun:
    return replace(run, records=(*run.records[:index], record, *run.records[index + 1 :]))


_REFUSALS = {
    RunState.ATTENDUE: "Cette ronde attend un agent : prenez-la d'abord.",
    RunState.EN_COURS: "Cette ronde est en cours.",
    RunState.EN_PAUSE: "Cette ronde est en pause : reprenez-la d'abord.",
    RunState.A_CLORE: "Les vues de cette ronde sont terminées : complétez les constats ou clôturez-la.",
    RunState.TERMINEE: "Cette ronde est terminée : sa feuille de résultat ne change plus.",
    RunState.ARRETEE: "Cette ronde a été arrêtée : sa feuille de résultat ne change plus.",
    RunState.MANQUEE: "Cette ronde a été manquée : lancez-la à la main.",
}
