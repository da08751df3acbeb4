"""What is learned of a camera's health becomes its state, its availability, and alarms that do not flap."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.alarm import Origin, Signal
from camera_registry.domain.flap_damper import Step
from camera_registry.domain.health_rules import HealthRules
from camera_registry.domain.hysteresis import Hysteresis
from camera_registry.domain.troubles import TITLES
from camera_registry.repository.cameras import announce_health, locked_health, save_health
from camera_registry.repository.checks import OF_A_VIEW, LookRow, follow, forget_views, save_look
from camera_registry.repository.troubles import (
    DueTrouble,
    Trouble,
    begin_outage,
    due_troubles,
    end_outage,
    lasting_kinds,
    locked_trouble,
    save_trouble,
)
from camera_registry.use_cases.alarms import take_signal
from camera_registry.use_cases.cameras import CameraUnknown
from common.ids import new_id
from contracts.registry import AlarmKind, AlarmSource

_LOOK_AGAIN = timedelta(minutes=1)
_AT_ONCE = 200


async def record_reachability(
    *,
    conn: AsyncConnection,
    camera_id: str,
    online: bool,
    since: datetime,
    reason: str,
    at: datetime,
    watched_by: str,
    rules: HealthRules,
) -> bool:
    """Keep whether bytes come from a camera; return whether that was news.

    State, event, interval of unavailability and trouble change in the caller's transaction or not at all.

    Raises:
        CameraUnknown: no camera has this id.
    """
    found = await locked_health(conn, camera_id)
    if found is None:
        raise CameraUnknown(camera_id)
    insee, before = found
    await follow(conn, camera_id, since=since, watched_by=watched_by)
    after = before.reported(online=online, since=since, reason=reason)
    if after == before:
        return False
    if online:
        await end_outage(conn, camera_id, at=since)
    else:
        await begin_outage(conn, camera_id, at=since, reason=reason)
    await _tell(conn, camera_id, AlarmKind.CAMERA_HS, bad=not online, detail=reason, at=since, rules=rules)
    findings = await lasting_kinds(conn, camera_id)
    await save_health(conn, camera_id=camera_id, insee=insee, health=after, findings=findings, at=at)
    return True


async def record_look(
    *,
    conn: AsyncConnection,
    look: LookRow,
    before: Mapping[AlarmKind, Hysteresis],
    words: Mapping[AlarmKind, str],
    rules: HealthRules,
) -> bool:
    """Keep what a look at a camera found; return whether something began or ended to be wrong.

    Raises:
        CameraUnknown: no camera has this id.
    """
    changed = [kind for kind, state in look.hysteresis.items() if state.on != before.get(kind, Hysteresis()).on]
    if not changed:
        await save_look(conn, look)
        return False
    found = await locked_health(conn, look.camera_id)
    if found is None:
        raise CameraUnknown(look.camera_id)
    await save_look(conn, look)
    for kind in changed:
        bad = look.hysteresis[kind].on
        await _tell(conn, look.camera_id, kind, bad=bad, detail=words.get(kind, ""), at=look.at, rules=rules)
    insee, health = found
    findings = await lasting_kinds(conn, look.camera_id)
    await announce_health(conn, camera_id=look.camera_id, insee=insee, health=health, findings=findings, at=look.at)
    return True


async def adopt_view(*, conn: AsyncConnection, camera_id: str, at: datetime, rules: HealthRules) -> None:
    """End what was judged against the old view: a person says that the camera looks where it should.

    Raises:
        CameraUnknown: no camera has this id.
    """
    found = await locked_health(conn, camera_id)
    if found is None:
        raise CameraUnknown(camera_id)
    for kind in OF_A_VIEW:
        await _tell(conn, camera_id, kind, bad=False, detail="", at=at, rules=rules)
    await forget_views(conn, camera_id, at)
    insee, health = found
    findings = await lasting_kinds(conn, camera_id)
    await announce_health(conn, camera_id=camera_id, insee=insee, health=health, findings=findings, at=at)


async def settle_alarms(*, conn: AsyncConnection, at: datetime, rules: HealthRules) -> int:
    """Raise and end the alarms that are due; return how many changed.

    A camera that is not expected to work (works, removed) raises nothing; it is looked at again a minute later.
    """
    changed = 0
    for due in await due_troubles(conn, at, limit=_AT_ONCE):
        trouble = due.trouble
        rule = rules.damping[trouble.kind]
        if not due.expected and not trouble.damper.raised:
            await save_trouble(conn, trouble, due_at=at + _LOOK_AGAIN)
            continue
        damper, step = trouble.damper.step(at=at, rule=rule)
        if step is not None:
            await _signal(conn, due, step, at=at, alarm_id=new_id())
            changed += 1
        after = Trouble(trouble.camera_id, trouble.kind, damper, trouble.detail)
        await save_trouble(conn, after, due_at=damper.due(rule))
    return changed


async def _tell(
    conn: AsyncConnection, camera_id: str, kind: AlarmKind, *, bad: bool, detail: str, at: datetime, rules: HealthRules
) -> None:
    before = await locked_trouble(conn, camera_id, kind)
    rule = rules.damping.get(kind, rules.damping[AlarmKind.IMAGE_NOIRE])
    damper = before.damper.told(bad=bad, at=at, rule=rule)
    if damper == before.damper:
        return
    due_at = damper.due(rule) if kind in rules.raised else None
    await save_trouble(conn, Trouble(camera_id, kind, damper, detail if bad else before.detail), due_at=due_at)


async def _signal(conn: AsyncConnection, due: DueTrouble, step: Step, *, at: datetime, alarm_id: UUID) -> None:
    trouble = due.trouble
    signal = Signal(
        kind=trouble.kind,
        at=at,
        active=step is Step.RAISE,
        detail=sentence(trouble.kind, trouble.detail),
    )
    origin = Origin(
        source=AlarmSource.SURVEILLANCE_TECHNIQUE,
        source_id=trouble.camera_id,
        insee=due.insee,
        label=due.label,
        position=due.position,
        camera_ids=(trouble.camera_id,),
    )
    await take_signal(conn=conn, signal=signal, origin=origin, quiet=timedelta(0), alarm_id=alarm_id)


def sentence(kind: AlarmKind, detail: str) -> str:
    """Return what is wrong in one French sentence."""
    return f"{TITLES[kind]} : {detail.rstrip('.')}." if detail else f"{TITLES[kind]}."
