"""What every route that changes the fleet needs: the state a change starts from, and the errors in words."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Annotated

from fastapi import Header

from camera_registry.domain.camera import CameraInvalid
from camera_registry.domain.placement import PlacementRefused
from camera_registry.domain.presets import PresetInvalid
from camera_registry.domain.ticket import TicketClosed, TicketInvalid
from camera_registry.use_cases.camera_edits import CameraAlreadyRegistered, CameraStale
from camera_registry.use_cases.cameras import CameraUnknown
from camera_registry.use_cases.presets import PresetInUse, PresetUnknown
from camera_registry.use_cases.sites import SiteAlreadyRegistered, SiteInUse, SiteRefused, SiteStale, SiteUnknown
from camera_registry.use_cases.tickets import TicketAlreadyOpened, TicketUnknown
from common.problems import Conflict, Invalid, NotFound, Problem

_RELOAD = "a changé depuis que vous l'avez ouverte : rechargez-la, puis refaites votre modification."


class RevisionMissing(Problem):
    """A change that does not say which state it starts from."""

    def __init__(self) -> None:
        detail = "Indiquez la révision que vous avez lue (champ « revision » ou en-tête If-Match)."
        super().__init__(428, "revision-absente", "Révision absente", detail)


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
