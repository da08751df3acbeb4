"""Routes of the incident service: parse, ask at the door, run the use case, answer."""

import hashlib
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request
from pydantic import BaseModel
from sse_starlette import EventSourceResponse

from common.ids import new_id
from common.live import live_response
from common.problems import Invalid, NotFound
from common.web import Caller, Now
from contracts.envelope import Envelope
from contracts.incident import IncidentStatus
from contracts.streams import STREAM_OF_OWNER
from guard.web import CurrentAgent, TheGuard
from incident import repository, use_cases
from incident.alarm_links import incident_of_alarm
from incident.domain import Author
from incident.errors import IncidentUnknown
from incident.nomenclature import NOMENCLATURE
from incident.permission import AtTheDoor, Door
from incident.schemas import (
    IncidentPage,
    IncidentView,
    NomenclatureEntryView,
    NomenclaturePage,
    OpenIncidentRequest,
    TransitionRequest,
    TransmissionRequest,
)
from incident.use_cases import IdempotencyKey, OpenIncident
from policy import Action, Agent, Context

router = APIRouter(prefix="/api/incident", tags=["incident"])

KeyHeader = Annotated[str | None, Header(alias="Idempotency-Key", pattern=r"^[\x21-\x7e]{1,128}$")]


@router.get("/nomenclature")
async def list_nomenclature(_agent: CurrentAgent) -> NomenclaturePage:
    """Return every kind of incident with its default priority and addressees."""
    return NomenclaturePage(items=[NomenclatureEntryView.of(entry) for entry in NOMENCLATURE.values()])


@router.post("/incidents", status_code=201)
async def open_incident(door: AtTheDoor, body: OpenIncidentRequest, key: KeyHeader = None) -> IncidentView:
    """Declare an incident; the same Idempotency-Key gives the same incident, never a second."""
    for camera_id in body.camera_ids:
        await door.require(Action.MANAGE_INCIDENT, subject="La caméra", camera_id=camera_id)
    insee = body.insee or _commune_of_first_camera(door, body.camera_ids)
    agent = await door.require(Action.MANAGE_INCIDENT, subject=f"La commune « {insee} »", context=Context(insee=insee))
    incident_id = await use_cases.open_incident(
        door.conn,
        command=_command(door, body, insee),
        key=_key(key, "incidents", body),
        incident_id=new_id(),
        at=door.at,
        by=_author(agent),
    )
    return await _view(door, incident_id)


@router.get("/incidents")
async def list_incidents(
    door: AtTheDoor,
    status: IncidentStatus | None = None,
    is_open: Annotated[bool | None, Query(alias="open")] = None,
    cursor: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> IncidentPage:
    """Return the incidents of the agent's communes, newest first."""
    agent = await door.require(Action.VIEW_INCIDENT, subject="La liste des incidents")
    records = await repository.page(
        door.conn, communes=agent.communes, status=status, is_open=is_open, before=cursor, limit=limit
    )
    more = str(records[-1].incident.incident_id) if len(records) == limit else None
    return IncidentPage(items=[IncidentView.of(record) for record in records], next_cursor=more)


@router.get("/incidents/{incident_id}")
async def read_incident(door: AtTheDoor, incident_id: UUID) -> IncidentView:
    """Return one incident; 404 outside the agent's communes, with a register row."""
    await _require_on(door, Action.VIEW_INCIDENT, incident_id)
    return await _view(door, incident_id)


@router.post("/incidents/{incident_id}/transitions")
async def change_status(door: AtTheDoor, incident_id: UUID, body: TransitionRequest) -> IncidentView:
    """Go one step along the life-cycle; 409 when it has no such step or somebody was faster."""
    agent = await _require_on(door, Action.MANAGE_INCIDENT, incident_id)
    await use_cases.change_status(
        door.conn,
        incident_id=incident_id,
        to=body.to,
        note=body.note,
        version=body.version,
        at=door.at,
        by=_author(agent),
    )
    return await _view(door, incident_id)


@router.post("/incidents/{incident_id}/transmissions")
async def transmit_incident(
    door: AtTheDoor, incident_id: UUID, body: TransmissionRequest, key: KeyHeader = None
) -> IncidentView:
    """Warn partners with a text, once per Idempotency-Key; the steps this implies are written in the timeline."""
    agent = await _require_on(door, Action.TRANSMIT, incident_id)
    await use_cases.transmit_incident(
        door.conn,
        incident_id=incident_id,
        partner_ids=tuple(body.partner_ids),
        message=body.message,
        key=_key(key, str(incident_id), body),
        transmission_id=new_id(),
        at=door.at,
        by=_author(agent),
    )
    return await _view(door, incident_id)


@router.get("/alarms/{alarm_id}")
async def read_incident_of_alarm(door: AtTheDoor, alarm_id: UUID) -> IncidentView:
    """Return the incident that an alarm of the registry opened."""
    agent = await door.require(Action.VIEW_INCIDENT, subject="L'incident de cette alarme")
    incident_id = await incident_of_alarm(door.conn, alarm_id, agent.communes)
    if incident_id is None:
        raise NotFound("L'incident de l'alarme", alarm_id)
    return await _view(door, incident_id)


@router.get("/live")
async def live(request: Request, guard: TheGuard, caller: Caller, clock: Now, door: AtTheDoor) -> EventSourceResponse:
    """Push the facts of the agent's communes, as they happen; each is judged at its own second."""
    await door.require(Action.VIEW_INCIDENT, subject="Le fil des incidents")

    def allowed(envelope: Envelope) -> bool:
        return guard.may_see(caller, Action.VIEW_INCIDENT, envelope.insee, clock.now())

    return await live_response(
        request,
        request.app.state.bus,
        STREAM_OF_OWNER["incident"],
        "vigie.*.incident.>",
        allowed=allowed,
        present=lambda: guard.present(caller, clock.now()),
    )


async def _require_on(door: Door, action: Action, incident_id: UUID) -> Agent:
    incident = await repository.load(door.conn, incident_id)
    if incident is None:
        raise IncidentUnknown(incident_id)
    where = Context(incident_id=str(incident_id), insee=incident.declaration.insee)
    return await door.require(action, subject=f"L'incident « {incident_id} »", context=where)


async def _view(door: Door, incident_id: UUID) -> IncidentView:
    record = await repository.read(door.conn, incident_id)
    if record is None:
        raise IncidentUnknown(incident_id)
    return IncidentView.of(record)


def _author(agent: Agent) -> Author:
    return Author(agent.agent_id, agent.name)


def _commune_of_first_camera(door: Door, camera_ids: list[str]) -> str:
    known = door.guard.cameras.get(camera_ids[0]) if camera_ids else None
    if known is not None:
        return known.insee
    reason = "indiquez la commune, ou au moins une caméra."
    raise Invalid(f"Corrigez insee : {reason}", [{"field": "insee", "message": reason}])


def _command(door: Door, body: OpenIncidentRequest, insee: str) -> OpenIncident:
    commune = next((camera.commune for camera in door.guard.cameras.values() if camera.insee == insee), None)
    return OpenIncident(
        code=body.code,
        priority=body.priority,
        insee=insee,
        commune=commune,
        camera_ids=tuple(body.camera_ids),
        address=body.address or "",
        lon=body.lon,
        lat=body.lat,
        origin=body.origin,
        facts=body.facts,
        detected_at=body.detected_at,
    )


def _key(key: str | None, path: str, body: BaseModel) -> IdempotencyKey | None:
    if key is None:
        return None
    return IdempotencyKey(key, hashlib.sha256(f"{path} {body.model_dump_json()}".encode()).hexdigest())
