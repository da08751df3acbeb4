"""Commands of the retention service: load, ask the domain, save."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.problems import Conflict, NotFound
from contracts.access import RegisterEntry, RegisterResult
from contracts.envelope import Envelope, Payload, make_envelope
from contracts.retention import (
    FACT_HOLD_LIFTED,
    FACT_HOLD_PLACED,
    FACT_SEGMENTS_DESTROYED,
    OWNER,
    HoldLifted,
    HoldPlaced,
    SegmentsDestroyed,
)
from guard.seal import ask_for_row
from retention import repository
from retention.domain.destruction import Destruction, destructible, proof_of
from retention.domain.hold import Hold, HoldAlreadyLifted, HoldLapsed, SecondPersonNeeded
from retention.domain.segment import Segment

SOURCE = "retention"
BATCH = 500

Erase = Callable[[list[Segment]], Awaitable[list[Segment]]]
"""Destroys the objects of segments physically, evidence copies included; returns the segments that are gone."""


async def index_segment(connection: AsyncConnection, *, segment: Segment) -> None:
    """Index a recorded segment, under the retention its camera was shortened to meanwhile."""
    shortest = await repository.retention_of(connection, segment.camera_id)
    if shortest is not None:
        segment = segment.shortened_to(shortest, segment.started_at)
    await repository.add_segment(connection, segment)


async def place_hold(connection: AsyncConnection, *, hold: Hold, event_id: UUID) -> Hold:
    """Freeze footage from this commit on: the lock keeps a sweep that is under way from passing beside it."""
    await repository.lock_holds(connection)
    placed = HoldPlaced(
        hold_id=hold.hold_id,
        camera_id=hold.camera_id,
        insee=hold.insee,
        window_from=hold.window_from,
        window_until=hold.window_until,
        legal_basis=hold.legal_basis,
        procedure_number=hold.procedure_number,
        at=hold.placed_at,
    )
    event = _event(placed, event_id, FACT_HOLD_PLACED, f"hold:{hold.hold_id}", hold.insee, hold.placed_at)
    await repository.save_hold(connection, hold, [event])
    return hold


async def confirm_hold(connection: AsyncConnection, *, hold_id: UUID, at: datetime) -> Hold:
    """Note that a réquisition was accepted; raises NotFound or Conflict."""
    hold = await _existing(connection, hold_id)
    try:
        confirmed = hold.confirm(at)
    except HoldAlreadyLifted as error:
        raise Conflict(f"Ce gel a pris fin le {error.lifted_at:%d/%m/%Y}.") from error
    except HoldLapsed as error:
        raise _lapsed(error) from error
    await repository.save_hold(connection, confirmed, [])
    return confirmed


async def lift_hold(
    connection: AsyncConnection, *, hold_id: UUID, by: str, reason: str, at: datetime, event_id: UUID
) -> Hold:
    """Ask for the end of a hold or, as the second person, end it; raises NotFound or Conflict."""
    hold = await _existing(connection, hold_id)
    try:
        lifted = hold.lift(by=by, reason=reason, at=at)
    except HoldAlreadyLifted as error:
        raise Conflict(f"Ce gel a pris fin le {error.lifted_at:%d/%m/%Y}.") from error
    except HoldLapsed as error:
        raise _lapsed(error) from error
    except SecondPersonNeeded as error:
        raise Conflict("Vous avez déjà demandé la levée : une autre personne doit la confirmer.") from error
    events: list[Envelope] = []
    if lifted.lifted_at is not None:
        payload = HoldLifted(hold_id=hold_id, insee=hold.insee, at=at, reason=reason)
        events.append(_event(payload, event_id, FACT_HOLD_LIFTED, f"hold:{hold_id}", hold.insee, at))
    await repository.save_hold(connection, lifted, events)
    return lifted


async def destroy_batch(
    connection: AsyncConnection, *, insee: str, at: datetime, batch_id: UUID, entry_id: UUID, erase: Erase
) -> Destruction | None:
    """Destroy one batch of a commune's expired footage; None when nothing is left to destroy.

    Objects go first, rows and proof after, in one transaction: a crash in between leaves rows whose objects are
    gone, which the next sweep finds, deletes again without harm and proves. The domain judges every segment once
    more with the holds as they are under the lock. What the store would not delete stays indexed, unreadable, for
    the next sweep: the proof speaks only of what is gone.
    """
    await repository.lock_holds(connection)
    nominated = await repository.lock_destructible(connection, insee=insee, at=at, limit=BATCH)
    holds = await repository.active_holds(connection, at)
    confirmed = destructible(nominated, holds, at)
    if not confirmed:
        return None
    gone = await erase(confirmed)
    if not gone:
        return None
    proof = proof_of(gone, batch_id=batch_id, insee=insee, at=at)
    payload = SegmentsDestroyed(**{name: getattr(proof, name) for name in Destruction.__dataclass_fields__})
    entry = _register_row(proof, entry_id)
    events = [
        _event(payload, batch_id, FACT_SEGMENTS_DESTROYED, f"destruction:{insee}", insee, at),
    ]
    await repository.save_destruction(connection, proof, gone, events)
    await ask_for_row(connection, entry, source=SOURCE)
    return proof


async def _existing(connection: AsyncConnection, hold_id: UUID) -> Hold:
    hold = await repository.hold(connection, hold_id)
    if hold is None:
        raise NotFound("Le gel", hold_id)
    return hold


def _lapsed(error: HoldLapsed) -> Conflict:
    return Conflict(f"Ce gel est caduc depuis le {error.lapsed_at:%d/%m/%Y} : posez un nouveau gel.")


def _event(payload: Payload, event_id: UUID, fact: str, aggregate: str, insee: str, at: datetime) -> Envelope:
    return make_envelope(
        payload, event_id=event_id, owner=OWNER, fact=fact, source=SOURCE, aggregate=aggregate, insee=insee, at=at
    )


def _register_row(proof: Destruction, entry_id: UUID) -> RegisterEntry:
    """Destruction is written in the register per batch, with its proof (DOMAIN §3)."""
    return RegisterEntry(
        entry_id=entry_id,
        at=proof.at,
        actor_id="service:retention",
        actor_name="Destruction automatique",
        actor_role="service",
        habilitation_id=None,
        organisation="Vigie",
        action="destruction",
        camera_id=None,
        camera_label=None,
        insee=proof.insee,
        authorisation_id=None,
        motive_code="conservation_echue",
        motive_text=f"{proof.count} segments, {proof.bytes} octets, racine de Merkle {proof.merkle_root}",
        context=f"lot:{proof.batch_id}",
        station="retention",
        window_from=proof.oldest,
        window_until=proof.newest,
        recipient=None,
        result=RegisterResult.DONE,
        rule="conservation",
        citation="Durée de conservation fixée par l'arrêté d'autorisation",
    )
