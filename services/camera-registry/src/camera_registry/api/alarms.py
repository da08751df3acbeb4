"""Alarms: list, judge; and which cameras are listened to."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.api.access import SCOPE_READ, SCOPE_WRITE, require_scope
from camera_registry.api.cameras import CameraId
from camera_registry.domain.alarm import AlarmAlreadyJudged, AlarmStatus
from camera_registry.repository.alarms import MAX_PAGE, AlarmFilters, alarms_of, one_alarm
from camera_registry.repository.communes import insee_codes
from camera_registry.repository.listeners import listening_in, switch_events
from camera_registry.schemas.alarms import AlarmList, AlarmOut, EventsIn, JudgementIn, ListeningList, ListeningOut
from camera_registry.use_cases.alarms import AlarmUnknown, judge_alarm
from common.auth import Principal
from common.problems import Conflict, NotFound
from common.web import Caller, Now, Station, Tx
from contracts.envelope import Insee
from contracts.registry import AlarmKind
from guard import Guard, Motive
from guard.web import TheGuard
from policy import Action, Context

router = APIRouter()
LISTENING_ACTIONS = (Action.VIEW_INCIDENT, Action.SUPERVISE)
"""Any of them shows alarms: the room that answers them, the technicians who mend what raised them."""

_JUDGING_ACTIONS = (Action.MANAGE_INCIDENT, Action.SUPERVISE)


async def alarmed_communes(tx: Tx, clock: Now, caller: Caller, guard: TheGuard, station: Station) -> frozenset[str]:
    """Return the communes whose alarms the caller may see; a refusal is written down."""
    if caller.kind == "service":
        require_scope(caller, SCOPE_READ, SCOPE_WRITE)
        return await insee_codes(tx)
    await _may(LISTENING_ACTIONS, guard, tx, caller, clock.now(), station)
    return guard.visible_communes(caller)


Alarmed = Annotated[frozenset[str], Depends(alarmed_communes, scope="function")]


@router.get("/alarms")
async def list_alarms(
    tx: Tx,
    alarmed: Alarmed,
    kind: Annotated[list[AlarmKind] | None, Query()] = None,
    status: AlarmStatus | None = None,
    ongoing: bool | None = None,  # noqa: FBT001 - a query parameter
    camera_id: Annotated[str | None, Query(max_length=100, pattern=r"^[^\x00]*$")] = None,
    insee: Insee | None = None,
    before: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 100,
) -> AlarmList:
    """Return the alarms of the caller's communes, the newest first."""
    filters = AlarmFilters(tuple(kind or ()), status, ongoing, camera_id, insee)
    found = await alarms_of(tx, alarmed, filters, before=before, limit=limit + 1)
    shown = [AlarmOut.of(alarm) for alarm in found[:limit]]
    return AlarmList(items=shown, next_before=shown[-1].alarm_id if len(found) > limit else None)


@router.get("/alarms/listening")
async def list_listening(tx: Tx, alarmed: Alarmed) -> ListeningList:
    """Return how the listening goes with the cameras whose events are switched on."""
    return ListeningList(items=[ListeningOut.of(one) for one in await listening_in(tx, alarmed)])


@router.get("/alarms/{alarm_id}")
async def read_alarm(alarm_id: UUID, tx: Tx, alarmed: Alarmed) -> AlarmOut:
    """Return one alarm."""
    alarm = await one_alarm(tx, alarm_id, alarmed)
    if alarm is None:
        raise NotFound("L'alarme", alarm_id)
    return AlarmOut.of(alarm)


@router.post("/alarms/{alarm_id}/judgement")
async def judge(
    alarm_id: UUID,
    body: JudgementIn,
    tx: Tx,
    clock: Now,
    caller: Caller,
    guard: TheGuard,
    station: Station,
) -> AlarmOut:
    """Acknowledge or ignore an alarm; the first person to do so is the one who did."""
    at = clock.now()
    await _may(_JUDGING_ACTIONS, guard, tx, caller, at, station)
    agent = guard.agent(caller)
    try:
        judged = await judge_alarm(
            conn=tx,
            alarm_id=alarm_id,
            communes=agent.communes,
            status=AlarmStatus(body.status),
            by=agent.agent_id,
            by_name=agent.name,
            at=at,
            note=body.note.strip(),
        )
    except AlarmUnknown as error:
        raise NotFound("L'alarme", alarm_id) from error
    except AlarmAlreadyJudged as error:
        raise Conflict("Quelqu'un a déjà traité cette alarme : rechargez la liste.") from error
    return AlarmOut.of(judged)


@router.put("/cameras/{camera_id}/events", status_code=204)
async def put_events(
    camera_id: CameraId, body: EventsIn, tx: Tx, clock: Now, caller: Caller, guard: TheGuard, station: Station
) -> None:
    """Switch the listening to a camera's own events on or off: one register row."""
    if caller.kind == "service":
        require_scope(caller, SCOPE_WRITE)
    else:
        await guard.check(
            tx,
            principal=caller,
            action=Action.CONFIGURE,
            camera_id=camera_id,
            at=clock.now(),
            station=station,
            motive=Motive("evenements", "écoute des événements activée" if body.enabled else "écoute désactivée"),
        )
    if not await switch_events(tx, camera_id, enabled=body.enabled):
        raise NotFound("La caméra", camera_id)


async def _may(
    actions: tuple[Action, ...], guard: Guard, tx: AsyncConnection, caller: Principal, at: datetime, station: str
) -> None:
    """Let pass who may do any of the actions; the refusal of the first one is written down."""
    agent = guard.agent(caller)
    if not any(guard.decide(agent, action, None, Context(), at)[1].allowed for action in actions):
        await guard.check(tx, principal=caller, action=actions[0], at=at, station=station)
