"""What every route that changes the fleet needs: who may, the register's row, and the errors in words."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Header
from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.api.access import SCOPE_READ, SCOPE_WRITE, require_scope
from camera_registry.domain.camera import CameraInvalid
from camera_registry.domain.placement import PlacementRefused
from camera_registry.domain.presets import PresetInvalid
from camera_registry.domain.register_rows import machine_change_row
from camera_registry.domain.ticket import TicketClosed, TicketInvalid
from camera_registry.repository.cameras import commune_of
from camera_registry.repository.communes import insee_codes
from camera_registry.repository.register import ask_for
from camera_registry.use_cases.camera_edits import CameraAlreadyRegistered, CameraStale
from camera_registry.use_cases.cameras import CameraUnknown
from camera_registry.use_cases.presets import PresetInUse, PresetUnknown
from camera_registry.use_cases.sites import SiteAlreadyRegistered, SiteInUse, SiteRefused, SiteStale, SiteUnknown
from camera_registry.use_cases.tickets import TicketAlreadyOpened, TicketUnknown
from common.auth import Principal
from common.ids import new_id
from common.problems import Conflict, Invalid, NotFound, Problem
from common.web import Caller, Now, Station, Tx
from guard import Guard, Motive
from guard.web import TheGuard
from policy import Action, Context

_MOTIVE = "configuration"
_RELOAD = "a changé depuis que vous l'avez ouverte : rechargez-la, puis refaites votre modification."


class RevisionMissing(Problem):
    """A change that does not say which state it starts from."""

    def __init__(self) -> None:
        detail = "Indiquez la révision que vous avez lue (champ « revision » ou en-tête If-Match)."
        super().__init__(428, "revision-absente", "Révision absente", detail)


@dataclass(frozen=True, slots=True)
class FleetDesk:
    """Who changes the fleet, and the transaction of the request; ``at`` is its instant."""

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
        """The communes the caller may write; None: all, for a machine."""
        return self.guard.agent(self.caller).communes if self.caller.kind == "agent" else None

    async def on_camera(self, camera_id: str, why: str, action: Action = Action.CONFIGURE) -> None:
        """Let pass who may do this to a camera, leaving a row; raises NotFound for an unknown one, Refusal."""
        insee = await commune_of(self.connection, camera_id)
        if insee is None:
            raise NotFound("La caméra", camera_id)
        mirrored = self.guard.camera(camera_id) is not None
        await self._allow(
            action,
            insee=insee,
            camera_id=camera_id,
            mirrored=mirrored,
            why=why if mirrored else f"{camera_id} : {why}",
            subject=f"La caméra « {camera_id} »",
        )

    async def in_commune(self, insee: str, why: str, *, subject: str, action: Action = Action.CONFIGURE) -> None:
        """Let pass who may do this in a commune, leaving a row; raises Refusal, a 404 elsewhere."""
        await self._allow(action, insee=insee, camera_id=None, mirrored=False, why=why, subject=subject)

    async def supervised(self) -> frozenset[str]:
        """Return the communes whose tickets the caller may read. Reading leaves no row, a refusal does."""
        if self.caller.kind == "service":
            require_scope(self.caller, SCOPE_READ, SCOPE_WRITE)
            return await insee_codes(self.connection)
        agent = self.guard.agent(self.caller)
        if not self.guard.decide(agent, Action.SUPERVISE, None, Context(), self.at)[1].allowed:
            await self.guard.check(
                self.connection, principal=self.caller, action=Action.SUPERVISE, at=self.at, station=self.station
            )
        return agent.communes

    async def _allow(
        self, action: Action, *, insee: str, camera_id: str | None, mirrored: bool, why: str, subject: str
    ) -> None:
        if self.caller.kind == "service":
            require_scope(self.caller, SCOPE_WRITE)
            row = machine_change_row(
                self.caller.subject,
                scope=SCOPE_WRITE,
                motive_text=why,
                insee=insee,
                camera_id=camera_id,
                entry_id=new_id(),
                station=self.station,
                at=self.at,
            )
            await ask_for(self.connection, row)
            return
        await self.guard.check(
            self.connection,
            principal=self.caller,
            action=action,
            camera_id=camera_id if mirrored else None,  # one that was registered this very second is judged by place
            at=self.at,
            station=self.station,
            context=Context(insee=insee),
            motive=Motive(_MOTIVE, why),
            subject=subject,
        )


def fleet_desk(tx: Tx, clock: Now, caller: Caller, guard: TheGuard, station: Station) -> FleetDesk:
    """Return who changes the fleet."""
    return FleetDesk(tx, caller, guard, station, clock.now())


TheFleetDesk = Annotated[FleetDesk, Depends(fleet_desk, scope="function")]
IfMatch = Annotated[str | None, Header(alias="If-Match", max_length=40)]


def read_revision(written: int | None, if_match: str | None) -> int:
    """Return the revision that a change starts from: the body's, else the header's; raises RevisionMissing."""
    if written is not None:
        return written
    text = (if_match or "").removeprefix("W/").strip('"')
    if not (text.isascii() and text.isdigit()):
        raise RevisionMissing
    return int(text)


@contextmanager
def told() -> Generator[None]:
    """Turn what the domain refuses into problems that tell what to do."""
    try:
        yield
    except (CameraInvalid, PlacementRefused, PresetInvalid, SiteRefused, TicketInvalid) as error:
        raise Invalid(error.message, [{"field": error.field, "message": error.message}]) from error
    except (CameraUnknown, SiteUnknown, TicketUnknown, PresetUnknown) as error:
        raise _missing(error) from error
    except (CameraStale, SiteStale) as error:
        what = "Cette fiche" if isinstance(error, CameraStale) else "La fiche de ce point d'implantation"
        raise Conflict(f"{what} {_RELOAD}", reason="revision") from error
    except CameraAlreadyRegistered as error:
        raise Conflict("Ce code est déjà celui d'une caméra : choisissez-en un autre.", reason="code") from error
    except SiteAlreadyRegistered as error:
        raise Conflict("Cet identifiant est déjà celui d'un point d'implantation.", reason="site_id") from error
    except SiteInUse as error:
        detail = f"{error.cameras} caméra(s) y sont rattachées : rattachez-les à un autre point d'implantation d'abord."
        raise Conflict(detail, reason="site") from error
    except PresetInUse as error:
        names = ", ".join(f"« {name} »" for name in error.tours)
        raise Conflict(f"Ce préréglage est une étape de {names} : retirez-l'y d'abord.", reason="tour") from error
    except TicketAlreadyOpened as error:
        raise Conflict("Cet identifiant est celui d'un autre ticket : rouvrez le formulaire.", reason="id") from error
    except TicketClosed as error:
        raise Conflict("Ce ticket est clos : ouvrez-en un autre.", reason="closed") from error


def _missing(error: CameraUnknown | SiteUnknown | TicketUnknown | PresetUnknown) -> NotFound:
    if isinstance(error, CameraUnknown):
        return NotFound("La caméra", error.camera_id)
    if isinstance(error, SiteUnknown):
        return NotFound("Le point d'implantation", error.site_id)
    if isinstance(error, TicketUnknown):
        return NotFound("Le ticket", error.ticket_id)
    return NotFound("Ce préréglage ou cette tournée de", str(error))
