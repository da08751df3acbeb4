"""What the routes about moving cameras share: who asks, and the one way from a request to a camera."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from common.auth import Principal
from common.clock import Clock
from common.database import Database
from common.problems import Conflict, Problem, Unavailable
from common.web import Caller, Now, Station
from guard import Guard, Motive
from guard.web import TheGuard
from policy import Context
from stream_gateway.api.state import TheDatabase, TheSources
from stream_gateway.domain.ptz.aiming import NotAimable
from stream_gateway.domain.ptz.lock import NotHolder, PtzHeld, PtzLock
from stream_gateway.domain.ptz.orders import Order
from stream_gateway.domain.ptz.presets import Mounting
from stream_gateway.ports import CameraSource, CameraSources, Motor, PtzFailed, SourceUnavailable
from stream_gateway.ptz.driver import Outcome
from stream_gateway.ptz.gate import PtzGate
from stream_gateway.ptz.heads import PtzHeads
from stream_gateway.ptz.positions import PtzPositions
from stream_gateway.registry_client import revision_of
from stream_gateway.registry_mountings import MountingUnavailable, RegistryMountings
from stream_gateway.schemas.ptz import CommandIn, PtzOut
from stream_gateway.use_cases.asking import Asked
from stream_gateway.use_cases.ptz import Gesture, command

MOTIVE_TAKE = "prise_en_main"
MOTIVE_TAKE_OVER = "prise_en_main_prioritaire"


class PtzDesk:
    """One request about a camera's motors."""

    def __init__(
        self,
        *,
        connection: HTTPConnection,
        database: Database,
        guard: Guard,
        sources: CameraSources,
        caller: Principal,
        station: str,
        clock: Clock,
    ) -> None:
        self.database = database
        self.guard = guard
        self.caller = caller
        self.at: datetime = clock.now()
        self.heads: PtzHeads = connection.app.state.ptz
        self.positions: PtzPositions = connection.app.state.ptz_positions
        self._gate: PtzGate = connection.app.state.ptz_gate
        self._mountings: RegistryMountings = connection.app.state.mountings
        self._sources = sources
        self._station = station

    def asked(
        self, motive: Motive | None = None, incident_id: str | None = None, ticket_id: str | None = None
    ) -> Asked:
        """Return the question that the guard judges."""
        return Asked(
            principal=self.caller,
            station=self._station,
            at=self.at,
            motive=motive or Motive(MOTIVE_TAKE),
            context=Context(incident_id=incident_id, ticket_id=ticket_id),
        )

    async def command(self, camera_id: str, order: Order, body: CommandIn) -> PtzOut:
        """Judge, note who moves the camera, and only then tell it; the row stays even if it does not answer."""
        asked = self.asked(incident_id=body.incident_id, ticket_id=body.ticket_id)
        gesture = Gesture(body.gesture, body.order)
        agent_id = self.guard.agent(self.caller).agent_id
        async with self._gate.turn(camera_id, agent_id, body.gesture, body.order) as overtaken:
            if overtaken is not None:
                return told_of(overtaken, sent=False)
            async with self.database.transaction() as connection:
                commanded = await command(
                    connection, guard=self.guard, asked=asked, camera_id=camera_id, order=order, gesture=gesture
                )
            self._gate.note(agent_id, body.gesture, commanded.lock)
        if commanded.outdated:
            return told_of(commanded.lock, sent=False)
        outcome = await self.tell(camera_id, commanded.lock.fence, order)
        return told_of(commanded.lock, sent=outcome is Outcome.SENT)

    async def tell(self, camera_id: str, fence: int, order: Order) -> Outcome:
        """Give the camera an order that was allowed; raises PtzFailed or SourceUnavailable."""
        return await self.heads.order(camera_id, await self._source(camera_id), fence, order)

    async def motor(self, camera_id: str) -> Motor:
        """Return the camera's motor, for questions."""
        return self.heads.motor(camera_id, await self._source(camera_id))

    async def mounting(self, camera_id: str) -> Mounting:
        """Return the presets and tours that the registry knows."""
        return await self._mountings.get(camera_id)

    async def _source(self, camera_id: str) -> CameraSource:
        return await self._sources.get(camera_id, revision_of(self.guard, camera_id))


async def _desk(
    connection: HTTPConnection,
    database: TheDatabase,
    guard: TheGuard,
    sources: TheSources,
    caller: Caller,
    station: Station,
    clock: Now,
) -> PtzDesk:
    return PtzDesk(
        connection=connection,
        database=database,
        guard=guard,
        sources=sources,
        caller=caller,
        station=station,
        clock=clock,
    )


TheDesk = Annotated[PtzDesk, Depends(_desk)]


@contextmanager
def told_as_problems() -> Generator[None]:
    """Turn what can go wrong with a camera into what a person is told."""
    try:
        yield
    except PtzHeld as held:
        raise _held(held) from held
    except NotHolder as error:
        raise Conflict("Vous ne commandez pas cette caméra : rien n'a été changé.") from error
    except NotAimable as error:
        raise Problem(409, "point-non-visable", "Ce point ne peut pas être visé", error.message) from error
    except (PtzFailed, SourceUnavailable, MountingUnavailable) as error:
        raise Unavailable(str(error)) from error


def told_of(lock: PtzLock, *, sent: bool = True) -> PtzOut:
    """Return who holds the camera, for the answer to a command."""
    return PtzOut(holder_id=lock.holder_id, holder_name=lock.holder_name, held_until=lock.free_at, sent=sent)


def _held(held: PtzHeld) -> Conflict:
    what = (
        "prenez la main en disant pourquoi, ou attendez qu'elle se libère"
        if held.may_take_over
        else "demandez-lui ou attendez qu'elle se libère"
    )
    return Conflict(
        f"{held.holder_name} commande cette caméra : {what}.",
        holder=held.holder_name,
        free_at=held.free_at.isoformat(),
        may_take_over=held.may_take_over,
    )
