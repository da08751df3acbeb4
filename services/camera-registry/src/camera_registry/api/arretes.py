"""What every route about arrêtés needs: who may read them, who may manage them, and the errors in words."""

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Path
from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.api.access import SCOPE_READ, SCOPE_WRITE, require_scope
from camera_registry.domain.authorisation import Authorisation, AuthorisationInvalid
from camera_registry.domain.perimeter import PerimeterInvalid
from camera_registry.domain.position import PositionInvalid
from camera_registry.domain.register_rows import machine_change_row
from camera_registry.domain.renewal import RenewalInvalid
from camera_registry.domain.scan import ScanInvalid
from camera_registry.repository.authorisations import one_authorisation
from camera_registry.repository.communes import insee_codes
from camera_registry.repository.register import ask_for
from camera_registry.use_cases.authorisations import (
    AuthorisationAlreadyRecorded,
    AuthorisationChangedMeanwhile,
    AuthorisationUnknown,
    CommunesUnknown,
)
from camera_registry.use_cases.renewals import RenewalChangedMeanwhile
from common.auth import Principal
from common.ids import new_id
from common.problems import Conflict, Invalid, NotFound
from common.web import Caller, Now, Station, Tx
from guard import Guard, Motive
from guard.web import TheGuard
from policy import Action, Context

AuthorisationId = Annotated[str, Path(pattern=r"^[^\x00]*$", max_length=100)]
_SUBJECT = "Cette autorisation"


@dataclass(frozen=True, slots=True)
class ArreteDesk:
    """Who asks, and the transaction of the request; ``at`` is its instant."""

    connection: AsyncConnection
    caller: Principal
    guard: Guard
    station: str
    at: datetime

    @property
    def name(self) -> str:
        """Who is written under an act: the agent's id, or the service's."""
        return self.caller.subject if self.caller.kind == "agent" else f"service:{self.caller.subject}"

    async def readable(self) -> frozenset[str]:
        """Return the communes whose arrêtés the caller may read: who sees cameras, or the town's figures.

        An arrêté shows no image. Reading leaves no register row, a refusal does.
        """
        if self.caller.kind == "service":
            require_scope(self.caller, SCOPE_READ, SCOPE_WRITE)
            return await insee_codes(self.connection)
        agent = self.guard.agent(self.caller)
        actions = (Action.VIEW_CAMERA, Action.VIEW_STATISTICS)
        if not any(self.guard.decide(agent, action, None, Context(), self.at)[1].allowed for action in actions):
            await self._check(Action.VIEW_CAMERA, None, "consultation des arrêtés")
        return agent.communes

    async def read(self, authorisation_id: str) -> Authorisation:
        """Return an arrêté over one of the caller's communes; raises NotFound (one of elsewhere does not exist)."""
        communes = await self.readable()
        found = await one_authorisation(self.connection, authorisation_id)
        if found is None or communes.isdisjoint(found.communes):
            raise NotFound("L'autorisation", authorisation_id)
        return found

    async def hand_over(self, one: Authorisation, why: str) -> None:
        """Let pass who may take a copy of a scan: a row of the register for each commune that is the caller's."""
        if self.caller.kind == "service":
            require_scope(self.caller, SCOPE_READ, SCOPE_WRITE)
            return
        own = self.guard.agent(self.caller).communes
        for insee in [insee for insee in one.communes if insee in own]:
            await self._check(Action.VIEW_STATISTICS, insee, why)

    async def manage(self, communes: Iterable[str], why: str) -> None:
        """Let pass who may manage the arrêtés of all these communes: one register row for each, a machine's too."""
        if self.caller.kind == "service":
            require_scope(self.caller, SCOPE_WRITE)
            for insee in dict.fromkeys(communes):
                await self._write_down(insee, why)
            return
        for insee in dict.fromkeys(communes) or (None,):
            await self._check(Action.MANAGE_AUTHORISATIONS, insee, why)

    async def manage_one(self, authorisation_id: str, why: str, also: Iterable[str] = ()) -> None:
        """Let pass who may manage this arrêté (and the communes it is to cover); raises NotFound for an unknown one."""
        known = await one_authorisation(self.connection, authorisation_id)
        await self.manage((*(known.communes if known else ()), *also), why)
        if known is None:
            raise NotFound("L'autorisation", authorisation_id)

    async def _write_down(self, insee: str, why: str) -> None:
        row = machine_change_row(
            self.caller.subject,
            scope=SCOPE_WRITE,
            motive_text=why,
            insee=insee,
            camera_id=None,
            entry_id=new_id(),
            station=self.station,
            at=self.at,
        )
        await ask_for(self.connection, row)

    async def _check(self, action: Action, insee: str | None, why: str) -> None:
        await self.guard.check(
            self.connection,
            principal=self.caller,
            action=action,
            at=self.at,
            station=self.station,
            context=Context(insee=insee),
            motive=Motive("autorisation", why),
            subject=_SUBJECT,
        )


def arrete_desk(tx: Tx, clock: Now, caller: Caller, guard: TheGuard, station: Station) -> ArreteDesk:
    """Return who asks."""
    return ArreteDesk(tx, caller, guard, station, clock.now())


TheArreteDesk = Annotated[ArreteDesk, Depends(arrete_desk, scope="function")]


@contextmanager
def in_words() -> Generator[None]:
    """Turn what the domain and the commands refuse into problems that tell a person what to mend."""
    try:
        yield
    except (AuthorisationInvalid, RenewalInvalid) as error:
        raise Invalid(error.message, [{"field": error.field, "message": error.message}]) from error
    except PerimeterInvalid as error:
        raise Invalid(
            f"Périmètre à corriger : {len(error.findings)} défaut(s).",
            [
                {"field": "perimeter", "where": finding.where, "message": f"{finding.where} : {finding.message}"}
                for finding in error.findings
            ],
        ) from error
    except PositionInvalid as error:
        raise Invalid(f"Position impossible : {error}.", [{"field": "positions", "message": str(error)}]) from error
    except ScanInvalid as error:
        raise Invalid(str(error), [{"field": "file", "message": str(error)}]) from error
    except CommunesUnknown as error:
        names = ", ".join(error.insee_codes)
        raise Invalid(f"Communes inconnues ici : {names}.", [{"field": "communes", "message": names}]) from error
    except AuthorisationUnknown as error:
        raise NotFound("L'autorisation", error.authorisation_id) from error
    except AuthorisationAlreadyRecorded as error:
        raise Conflict("Cette autorisation est déjà enregistrée : modifiez-la.") from error
    except (AuthorisationChangedMeanwhile, RenewalChangedMeanwhile) as error:
        raise Conflict(
            "Quelqu'un a modifié cette fiche entre-temps : rechargez-la, puis refaites votre modification.",
            revision=error.revision,
        ) from error
