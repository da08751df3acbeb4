"""Commands on the planning: survey a need, change it, set a year's envelope, adopt what is proposed."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.perimeter import BEYOND_CONTOUR_M
from camera_registry.domain.planning import Need, NeedInvalid, NeedStatus
from camera_registry.domain.programme import Programme, propose
from camera_registry.repository import planning as repository
from camera_registry.repository.communes import all_communes


class NeedUnknown(LookupError):
    """No need has this id."""

    def __init__(self, need_id: str) -> None:
        super().__init__(f"need {need_id}")
        self.need_id = need_id


class NeedChangedMeanwhile(ValueError):
    """Somebody else changed the need after it was read; ``revision`` is the present one."""

    def __init__(self, revision: int) -> None:
        super().__init__(f"revision {revision}")
        self.revision = revision


async def survey_need(conn: AsyncConnection, need: Need, at: datetime) -> Need:
    """Keep a new need; without a reference it gets the commune's next one. Raises domain.NeedInvalid."""
    await repository.lock_planning(conn)
    await _check_place(conn, need)
    await _check_reference(conn, need)
    await _check_camera(conn, need)
    await repository.save_needs(conn, [need], at)
    return need


async def next_reference(conn: AsyncConnection, insee: str) -> str:
    """Return the next free reference of a commune: ``B-62119-0107``."""
    await repository.lock_planning(conn)
    number = await repository.count_of_needs(conn, insee) + 1
    while await repository.need_with_reference(conn, insee, reference := f"B-{insee}-{number:04d}"):
        number += 1
    return reference


async def change_need(
    conn: AsyncConnection, *, need_id: str, changes: Mapping[str, object], revision: int, at: datetime
) -> Need:
    """Change a need (fields of domain.Need). Raises NeedUnknown, NeedChangedMeanwhile, domain.NeedInvalid."""
    await repository.lock_planning(conn)
    before = await repository.one_need(conn, need_id)
    if before is None:
        raise NeedUnknown(need_id)
    if revision != before.revision:
        raise NeedChangedMeanwhile(before.revision)
    after = before.changed(**changes)
    await _check_place(conn, after)
    await _check_reference(conn, after)
    await _check_camera(conn, after)
    if after is not before:
        await repository.save_needs(conn, [after], at)
    return after


async def adopt_programme(conn: AsyncConnection, *, insee: str, year: int, from_year: int, at: datetime) -> list[Need]:
    """Put what is proposed for a commune's year into its programme, as voted; returns the needs programmed."""
    await repository.lock_planning(conn)
    known = await repository.needs_of(conn, [insee])
    programme = await proposal(conn, known, [insee], from_year)
    adopted = [
        replace(need, status=NeedStatus.PROGRAMME, budget_year=year, revision=need.revision + 1)
        for need in known
        if programme.years.get(need.need_id) == year
    ]
    await repository.save_needs(conn, adopted, at)
    return adopted


async def proposal(conn: AsyncConnection, needs: list[Need], insee_codes: list[str], from_year: int) -> Programme:
    """Return the proposed programme of these communes' needs."""
    return propose(needs, await repository.envelopes_of(conn, insee_codes), from_year=from_year)


async def _check_place(conn: AsyncConnection, need: Need) -> None:
    communes = await all_communes(conn, [need.insee])
    if need.insee not in communes:
        raise NeedInvalid("insee", f"La commune {need.insee} n'est pas connue ici.")
    contour = communes[need.insee].contour
    if need.position is not None and not contour.within_reach(need.position, BEYOND_CONTOUR_M):
        raise NeedInvalid("position", f"Ce point n'est pas à {communes[need.insee].name} : vérifiez les coordonnées.")


async def _check_reference(conn: AsyncConnection, need: Need) -> None:
    holder = await repository.need_with_reference(conn, need.insee, need.reference)
    if holder not in {None, need.need_id}:
        raise NeedInvalid("reference", f"La référence « {need.reference} » est déjà prise dans cette commune.")


async def _check_camera(conn: AsyncConnection, need: Need) -> None:
    if need.camera_id is not None and await repository.camera_commune(conn, need.camera_id) != need.insee:
        raise NeedInvalid("camera_id", f"La caméra « {need.camera_id} » n'est pas de cette commune.")
