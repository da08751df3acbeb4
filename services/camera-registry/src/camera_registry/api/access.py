"""Who may read or write what: agents through the guard, machines by scope; and the register row of each act."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import HTTPConnection

from camera_registry.domain.register_rows import machine_row
from camera_registry.repository.cameras import commune_of
from camera_registry.repository.communes import insee_codes
from camera_registry.repository.register import ask_for
from common.auth import Principal
from common.clock import Clock
from common.database import Database
from common.ids import new_id
from common.problems import Forbidden, NotFound
from common.web import Caller, Now, Station, Tx
from guard import Guard, Motive
from guard.web import TheGuard
from policy import Action, Context

SCOPE_READ = "cameras.read"
SCOPE_WRITE = "cameras.write"
SCOPE_SOURCE = "cameras.source"
SCOPE_AUTHORISATIONS = "authorisations.write"
"""To record and change arrêtés: of the town's own services only."""

CONFIGURATION = "configuration"
"""The motive of a change of the fleet that has no code of its own."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Who asks, agent or machine, and the transaction of the request; ``at`` is its instant.

    Everything that this service lets somebody change is asked for here, so that no act goes without its row.
    """

    connection: AsyncConnection
    caller: Principal
    guard: Guard
    station: str
    at: datetime

    @property
    def name(self) -> str:
        """Who is written under an act: the agent's id, or the service's."""
        return self.caller.subject if self.caller.kind == "agent" else f"service:{self.caller.subject}"

    @property
    def writable(self) -> frozenset[str] | None:
        """The communes the caller may write; None: all, for a service of the house."""
        return self.guard.agent(self.caller).communes if self.caller.kind == "agent" else self.caller.communes

    async def reads(self, actions: tuple[Action, ...], *scopes: str, why: Motive | None = None) -> frozenset[str]:
        """Return the communes whose things the caller may read: any of the actions, or of the scopes, will do.

        Reading leaves no register row, a refusal does (DOMAIN §4); that of the first action is written down. A
        service of the house reads the whole town, an outside machine its organisation's communes. Raises Forbidden,
        Refusal.
        """
        if self.caller.kind == "service":
            require_scope(self.caller, *scopes)
            return self.caller.within(await insee_codes(self.connection))
        if self._allowed(actions) is None:
            await self._check(actions[0], None, Context(), why, "L'objet demandé")
        return self.guard.agent(self.caller).communes

    async def hidden(self, actions: tuple[Action, ...], what: str, ident: object, insee: str | None) -> NotFound:
        """Return the answer to who asks for a thing that is not there for him.

        Nothing there (``insee`` None), or something of another commune: the two look the same to him, but an agent's
        reaching for the second is written down as a refusal, under the action by which he may read such things at home.
        """
        action = self._allowed(actions) if self.caller.kind == "agent" else None
        if insee is not None and action is not None:
            await self._check(action, None, Context(insee=insee), None, f"{what} « {ident} »")
        return NotFound(what, ident)

    async def allow(
        self,
        action: Action,
        scope: str,
        why: Motive,
        *,
        communes: Iterable[str | None] = (),
        camera_id: str | None = None,
        subject: str = "L'objet demandé",
    ) -> None:
        """Let pass who may do this in all of these communes, leaving a register row for each (none: one row).

        All is decided before anything is written: where one commune refuses, its refusal is the only row. Raises
        Forbidden (a machine without ``scope``), Refusal (an agent; a 404 about ``subject`` in another's commune).
        """
        motives = dict.fromkeys(communes, why) or {None: why}
        await self.allow_each(action, scope, motives, camera_id=camera_id, subject=subject)

    async def allow_each(
        self,
        action: Action,
        scope: str,
        motives: Mapping[str | None, Motive],
        *,
        camera_id: str | None = None,
        subject: str = "L'objet demandé",
    ) -> None:
        """Do what `allow` does, with a motive for each commune."""
        if self.caller.kind == "service":
            require_scope(self.caller, scope)
            for insee, why in motives.items():
                await self._write_down(action, scope, why, insee, camera_id)
            return
        agent = self.guard.agent(self.caller)
        contexts = [Context(insee=insee) for insee in motives]
        refused = [one for one in contexts if not self.guard.decide(agent, action, camera_id, one, self.at)[1].allowed]
        for context in refused[:1] or contexts:
            await self._check(action, camera_id, context, motives[context.insee], subject)

    async def configure(self, insee: str | None, why: str, *, subject: str, code: str = CONFIGURATION) -> None:
        """Let pass who may configure in a commune (None: something that is in none), leaving a row; see `allow`."""
        await self.allow(Action.CONFIGURE, SCOPE_WRITE, Motive(code, why), communes=(insee,), subject=subject)

    async def on_camera(self, camera_id: str, why: str, *, code: str = CONFIGURATION) -> None:
        """Let pass who may configure a camera, leaving a row; raises NotFound for an unknown one. See `allow`."""
        if self.caller.kind == "service":
            require_scope(self.caller, SCOPE_WRITE)
        insee = await commune_of(self.connection, camera_id)
        if insee is None:
            raise NotFound("La caméra", camera_id)
        # one that was registered this very second is judged by its place
        named = self.caller.kind == "service" or self.guard.camera(camera_id) is not None
        await self.allow(
            Action.CONFIGURE,
            SCOPE_WRITE,
            Motive(code, why if named else f"{camera_id} : {why}"),
            communes=(insee,),
            camera_id=camera_id if named else None,
            subject=f"La caméra « {camera_id} »",
        )

    def _allowed(self, actions: tuple[Action, ...]) -> Action | None:
        """Return the first of the actions that the agent may do at home."""
        agent = self.guard.agent(self.caller)
        may = (one for one in actions if self.guard.decide(agent, one, None, Context(), self.at)[1].allowed)
        return next(may, None)

    async def _check(
        self, action: Action, camera_id: str | None, context: Context, why: Motive | None, subject: str
    ) -> None:
        await self.guard.check(
            self.connection,
            principal=self.caller,
            action=action,
            camera_id=camera_id,
            at=self.at,
            station=self.station,
            context=context,
            motive=why,
            subject=subject,
        )

    async def _write_down(
        self, action: Action, scope: str, why: Motive, insee: str | None, camera_id: str | None
    ) -> None:
        row = machine_row(
            self.caller.subject,
            scope=scope,
            action=action.value,
            motive_code=why.code,
            motive_text=why.text,
            insee=insee,
            camera_id=camera_id,
            entry_id=new_id(),
            station=self.station,
            at=self.at,
        )
        await ask_for(self.connection, row)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks, for routes that open their transactions themselves: none is held while a camera or a file is read."""

    caller: Principal
    guard: Guard
    station: str
    clock: Clock

    def at_desk(self, connection: AsyncConnection) -> Desk:
        """Return the desk of a transaction that begins now."""
        return Desk(connection, self.caller, self.guard, self.station, self.clock.now())


async def visitor(clock: Now, caller: Caller, guard: TheGuard, station: Station) -> Visitor:
    """Return who asks."""
    return Visitor(caller, guard, station, clock)


TheVisitor = Annotated[Visitor, Depends(visitor)]


async def desk_of(tx: Tx, who: TheVisitor) -> Desk:
    """Return the desk of this request's transaction."""
    return who.at_desk(tx)


TheDesk = Annotated[Desk, Depends(desk_of, scope="function")]


async def readable_communes(desk: TheDesk) -> frozenset[str]:
    """Return the communes whose cameras the caller may list; a machine needs ``cameras.read`` or ``cameras.write``."""
    return await desk.reads((Action.VIEW_CAMERA,), SCOPE_READ, SCOPE_WRITE)


async def listed_communes(connection: HTTPConnection, who: TheVisitor) -> frozenset[str]:
    """Return what `readable_communes` does, to routes that only ask questions.

    No transaction is opened for an agent who may: only for the row of a refusal.
    """
    if who.caller.kind == "agent":
        agent = who.guard.agent(who.caller)
        if who.guard.decide(agent, Action.VIEW_CAMERA, None, Context(), who.clock.now())[1].allowed:
            return agent.communes
    database: Database = connection.app.state.database
    async with database.transaction() as tx:
        return await readable_communes(who.at_desk(tx))


async def hidden_camera(
    tx: AsyncConnection, guard: Guard, caller: Principal, camera_id: str, at: datetime, station: str
) -> NotFound:
    """Return the answer to who asks for a camera that is not there for him; an agent's asking is written down."""
    if caller.kind == "agent":
        await guard.check(tx, principal=caller, action=Action.VIEW_CAMERA, camera_id=camera_id, at=at, station=station)
    return NotFound("La caméra", camera_id)


def may_configure(guard: Guard, caller: Principal, insee: str, at: datetime) -> bool:
    """Tell whether an agent may change cameras of a commune: who is shown where they are reached. Machines are not."""
    if caller.kind != "agent":
        return False
    return guard.decide(guard.agent(caller), Action.CONFIGURE, None, Context(insee=insee), at)[1].allowed


def require_scope(caller: Principal, *scopes: str) -> None:
    """Raise Forbidden unless a machine has one of the scopes."""
    if caller.scopes.isdisjoint(scopes):
        raise Forbidden(f"Ce service n'a pas le droit « {scopes[0]} ».", rule="scope")


Readable = Annotated[frozenset[str], Depends(readable_communes, scope="function")]
Listed = Annotated[frozenset[str], Depends(listed_communes)]
