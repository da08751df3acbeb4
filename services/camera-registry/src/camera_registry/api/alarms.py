"""Alarms: list, judge; and which cameras are listened to."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request

from camera_registry.api.access import SCOPE_READ, SCOPE_WRITE, Desk, TheDesk
from camera_registry.api.cameras import CameraId
from camera_registry.domain.alarm import AlarmAlreadyJudged, AlarmStatus
from camera_registry.repository.alarms import MAX_PAGE, AlarmFilters, alarms_of, commune_of_alarm, one_alarm
from camera_registry.repository.listeners import listening_in
from camera_registry.schemas.alarms import AlarmList, AlarmOut, EventsIn, JudgementIn, ListeningList, ListeningOut
from camera_registry.use_cases.alarms import AlarmUnknown, ListeningFull, judge_alarm, switch_listening
from camera_registry.use_cases.cameras import CameraUnknown
from common.problems import Conflict, NotFound
from common.web import Tx
from contracts.envelope import Insee
from contracts.registry import AlarmKind
from policy import Action

router = APIRouter()
LISTENING_ACTIONS = (Action.VIEW_INCIDENT, Action.SUPERVISE)
"""Any of them shows alarms: the room that answers them, the technicians who mend what raised them."""

_JUDGING_ACTIONS = (Action.MANAGE_INCIDENT, Action.SUPERVISE)


async def alarmed_communes(desk: TheDesk) -> frozenset[str]:
    """Return the communes whose alarms the caller may see; a refusal is written down."""
    return await desk.reads(LISTENING_ACTIONS, SCOPE_READ, SCOPE_WRITE)


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
async def read_alarm(alarm_id: UUID, desk: TheDesk, alarmed: Alarmed) -> AlarmOut:
    """Return one alarm; one of another commune does not exist for the caller, and his asking is written down."""
    alarm = await one_alarm(desk.connection, alarm_id, alarmed)
    if alarm is None:
        raise await _hidden(desk, LISTENING_ACTIONS, alarm_id)
    return AlarmOut.of(alarm)


@router.post("/alarms/{alarm_id}/judgement")
async def judge(alarm_id: UUID, body: JudgementIn, desk: TheDesk) -> AlarmOut:
    """Acknowledge or ignore an alarm; the first person to do so is the one who did."""
    agent = desk.guard.agent(desk.caller)  # a machine judges nothing
    communes = await desk.reads(_JUDGING_ACTIONS)
    try:
        judged = await judge_alarm(
            conn=desk.connection,
            alarm_id=alarm_id,
            communes=communes,
            status=AlarmStatus(body.status),
            by=agent.agent_id,
            by_name=agent.name,
            at=desk.at,
            note=body.note.strip(),
        )
    except AlarmUnknown:
        raise await _hidden(desk, _JUDGING_ACTIONS, alarm_id) from None
    except AlarmAlreadyJudged as error:
        raise Conflict("Quelqu'un a déjà traité cette alarme : rechargez la liste.") from error
    return AlarmOut.of(judged)


@router.put("/cameras/{camera_id}/events", status_code=204)
async def put_events(camera_id: CameraId, body: EventsIn, desk: TheDesk, request: Request) -> None:
    """Switch the listening to a camera's own events on or off: one register row, a machine's too.

    409 where so many cameras are listened to already that this one would never be.
    """
    why = "écoute des événements activée" if body.enabled else "écoute désactivée"
    await desk.on_camera(camera_id, why, code="evenements")
    at_most: int = request.app.state.events_at_most
    try:
        await switch_listening(conn=desk.connection, camera_id=camera_id, enabled=body.enabled, at_most=at_most)
    except CameraUnknown as error:
        raise NotFound("La caméra", camera_id) from error
    except ListeningFull as error:
        raise Conflict(
            f"{at_most} caméras sont déjà écoutées, et c'est le plus que ce registre écoute : coupez l'écoute d'une "
            "autre caméra, ou faites relever ce nombre dans ses réglages.",
            reason="quota",
        ) from error


async def _hidden(desk: Desk, actions: tuple[Action, ...], alarm_id: UUID) -> NotFound:
    insee = await commune_of_alarm(desk.connection, alarm_id)
    return await desk.hidden(actions, "L'alarme", alarm_id, insee)
