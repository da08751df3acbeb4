"""The recorded-seconds ledger: for every camera and day, what was expected, recorded, and missing for which cause."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query

from common.problems import Invalid
from common.web import Tx
from guard.web import TheGuard
from policy import Action
from stream_gateway.api.asked import TheAsked
from stream_gateway.domain.backfill import EdgeAnswer
from stream_gateway.domain.ledger import Account
from stream_gateway.repository.backfill import asked_between
from stream_gateway.repository.ledger import sheet
from stream_gateway.schemas.ledger import EdgeAskedOut, GapOut, LedgerDay, LedgerOut
from stream_gateway.schemas.texts import CameraId
from stream_gateway.use_cases.asking import require

router = APIRouter(prefix="/api/stream", tags=["supervision"])

_PARIS = ZoneInfo("Europe/Paris")
_PAGE = 200


@router.get("/ledger")
async def read_ledger(
    tx: Tx,
    guard: TheGuard,
    asked: TheAsked,
    day: date | None = None,
    camera_id: CameraId | None = None,
    after: CameraId | None = None,
    limit: Annotated[int, Query(ge=1, le=_PAGE)] = _PAGE,
) -> LedgerDay:
    """Return the ledger of a day (today without one) for the cameras of one's communes, in order of their ids."""
    agent = await require(tx, guard, asked, Action.SUPERVISE, subject="Le registre des secondes enregistrées")
    window = _window(day or asked.at.astimezone(_PARIS).date(), asked.at)
    cameras = {
        camera.camera_id: camera
        for camera in guard.cameras.values()
        if camera.insee in agent.communes and (camera_id is None or camera.camera_id == camera_id)
    }
    ids = sorted(one for one in cameras if after is None or one > after)
    page = ids[:limit]
    accounts = await sheet(tx, page, window) if page else {}
    answers = await asked_between(tx, page, window) if page else {}
    return LedgerDay(
        day=window[0].astimezone(_PARIS).date(),
        items=[_out(one, cameras[one].label, cameras[one].insee, accounts[one], answers[one]) for one in page],
        next_cursor=page[-1] if len(ids) > limit else None,
    )


def _window(day: date, now: datetime) -> tuple[datetime, datetime]:
    """Return a day of Europe/Paris up to now; 23 or 25 hours where the clocks change."""
    begin = datetime.combine(day, time(), _PARIS)
    end = datetime.combine(day + timedelta(days=1), time(), _PARIS)
    if begin >= now:
        raise Invalid("Ce jour n'est pas encore commencé : choisissez aujourd'hui ou un jour passé.")
    return begin, min(end, now)


def _out(camera_id: str, label: str, insee: str, account: Account, answers: Sequence[EdgeAnswer]) -> LedgerOut:
    return LedgerOut(
        camera_id=camera_id,
        label=label,
        insee=insee,
        expected_seconds=round(account.expected_seconds, 3),
        recorded_seconds=round(account.recorded_seconds, 3),
        gap_seconds=round(account.gap_seconds, 3),
        open_seconds=round(account.open_seconds, 3),
        gaps=[GapOut(started_at=gap.started_at, ended_at=gap.ended_at, cause=gap.cause) for gap in account.gaps],
        edge=[
            EdgeAskedOut(started_at=one.window[0], ended_at=one.window[1], times=one.times, reason=one.reason)
            for one in answers
        ],
    )
