"""What every route about arrêtés needs: who may read them, who may manage them, and the errors in words."""

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import Annotated

from fastapi import Path

from camera_registry.api.access import SCOPE_AUTHORISATIONS, SCOPE_READ, SCOPE_WRITE, Desk
from camera_registry.domain.authorisation import Authorisation, AuthorisationInvalid
from camera_registry.domain.perimeter import PerimeterInvalid
from camera_registry.domain.position import PositionInvalid
from camera_registry.domain.renewal import RenewalInvalid
from camera_registry.domain.scan import ScanInvalid
from camera_registry.repository.authorisations import one_authorisation
from camera_registry.use_cases.authorisations import (
    AuthorisationAlreadyRecorded,
    AuthorisationChangedMeanwhile,
    AuthorisationUnknown,
    CommunesUnknown,
)
from camera_registry.use_cases.renewals import RenewalChangedMeanwhile
from common.problems import Conflict, Invalid, NotFound
from guard import Motive
from policy import Action

AuthorisationId = Annotated[str, Path(pattern=r"^[^\x00]*$", max_length=100)]
_SUBJECT = "Cette autorisation"
_NAMED = "L'autorisation"
_MOTIVE = "autorisation"
_READING = (Action.VIEW_CAMERA, Action.VIEW_STATISTICS)


async def readable(desk: Desk) -> frozenset[str]:
    """Return the communes whose arrêtés the caller may read: who sees cameras, or the town's figures.

    An arrêté shows no image. Reading leaves no register row, a refusal does.
    """
    why = Motive(_MOTIVE, "consultation des arrêtés")
    return await desk.reads(_READING, SCOPE_READ, SCOPE_WRITE, SCOPE_AUTHORISATIONS, why=why)


async def read(desk: Desk, authorisation_id: str) -> Authorisation:
    """Return an arrêté over one of the caller's communes; one of elsewhere does not exist. Raises NotFound, Refusal."""
    communes = await readable(desk)
    found = await one_authorisation(desk.connection, authorisation_id)
    if found is None or communes.isdisjoint(found.communes):
        elsewhere = found.communes[0] if found else None
        raise await desk.hidden(_READING, _NAMED, authorisation_id, elsewhere)
    return found


async def hand_over(desk: Desk, one: Authorisation, why: str) -> None:
    """Let pass who may take a copy of a scan: a row of the register for each commune that is the caller's."""
    own = desk.writable
    communes = [insee for insee in one.communes if own is None or insee in own]
    # a machine that may read arrêtés may copy them: which of its scopes let it in is what its row names
    scope = next((name for name in (SCOPE_READ, SCOPE_WRITE) if name in desk.caller.scopes), SCOPE_AUTHORISATIONS)
    await desk.allow(Action.VIEW_STATISTICS, scope, Motive(_MOTIVE, why), communes=communes, subject=_SUBJECT)


async def manage(desk: Desk, communes: Iterable[str], why: str, subject: str = _SUBJECT) -> None:
    """Let pass who may manage the arrêtés of all these communes, leaving a row for each; where one refuses, its only.

    A machine needs ``authorisations.write``: who changes an arrêté changes what every camera under it may do.
    """
    await desk.allow(
        Action.MANAGE_AUTHORISATIONS, SCOPE_AUTHORISATIONS, Motive(_MOTIVE, why), communes=communes, subject=subject
    )


async def manage_one(desk: Desk, authorisation_id: str, why: str, also: Iterable[str] = ()) -> None:
    """Let pass who may manage this arrêté (and the communes it is to cover); raises NotFound for an unknown one."""
    known = await one_authorisation(desk.connection, authorisation_id)
    subject = f"{_NAMED} « {authorisation_id} »"
    await manage(desk, (*(known.communes if known else ()), *also), why, subject)
    if known is None:
        raise NotFound(_NAMED, authorisation_id)


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
