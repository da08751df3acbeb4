"""Watches open viewing sessions: what ends one, its lease or its right, acts on the picture within two seconds."""

import asyncio
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy.exc import SQLAlchemyError

from common.clock import Clock
from common.database import Database
from guard import Guard
from guard.states import agent_from
from policy import Action, Context, burns_watermark
from stream_gateway.domain.camera_rules import CAMERA_RULES, SILENCE_RULE
from stream_gateway.domain.recording_right import recording_terms
from stream_gateway.domain.sessions import CloseReason, ViewingSession
from stream_gateway.live.feeds import LiveFeeds
from stream_gateway.repository import sessions as rows
from stream_gateway.repository.sweep import sweep
from stream_gateway.use_cases.sessions import close_session

_TICK_SECONDS = 1.0
_NOMINATE_EVERY_TICKS = 3
_SWEEP_EVERY_TICKS = 300
_LOG = structlog.get_logger("stream-gateway.watch")


@dataclass(slots=True, eq=False)
class Attachment:
    """A connection that shows a session's pictures; ``over`` becomes the reason when it must close."""

    session: ViewingSession
    over: asyncio.Future[CloseReason] = field(repr=False)

    def end(self, reason: CloseReason) -> None:
        """Say that it is over; the first reason counts."""
        if not self.over.done():
            self.over.set_result(reason)


class SessionWatch:
    """One task per process; its queries a second do not grow with the number of viewers."""

    def __init__(self, *, database: Database, guard: Guard, feeds: LiveFeeds, clock: Clock) -> None:
        self._database = database
        self._guard = guard
        self._feeds = feeds
        self._clock = clock
        self._attachments: set[Attachment] = set()
        self._stopped: list[tuple[UUID, CloseReason]] = []

    @contextmanager
    def attach(self, session: ViewingSession) -> Generator[Attachment, None, None]:
        """Have a session watched for the time of a connection."""
        attachment = Attachment(session, asyncio.get_running_loop().create_future())
        self._attachments.add(attachment)
        try:
            yield attachment
        finally:
            self._attachments.discard(attachment)
            attachment.over.cancel()

    def stop(self, attachment: Attachment, reason: CloseReason) -> None:
        """End a session that is shown here for a reason of its pictures; its end is stored at the next tick."""
        self._stopped.append(self._end(attachment, reason))

    def judge(self, session: ViewingSession, at: datetime) -> CloseReason | None:
        """Return why a session may no longer show anything, None while it may: the policy, asked again."""
        state = self._guard.agents.get(session.agent_id)
        if state is None or not state.active or state.session_epoch > session.epoch:
            return CloseReason.REVOKED
        if session.login_id in state.ended_sessions:
            return CloseReason.REVOKED
        context = Context(incident_id=session.incident_id, ticket_id=session.ticket_id)
        agent = agent_from(state)
        camera, decision = self._guard.decide(agent, Action.LIVE, session.camera_id, context, at)
        if decision.allowed:
            return CloseReason.WATERMARK if burns_watermark(agent, camera) and not session.marked else None
        if decision.rule == SILENCE_RULE:
            return CloseReason.EXPIRED
        return CloseReason.AUTHORISATION_ENDED if decision.rule in CAMERA_RULES else CloseReason.REVOKED

    async def run(self) -> None:
        """Watch until cancelled."""
        ticks = 0
        while True:
            now = self._clock.now()
            ended = self._end_what_the_law_ends(now)
            try:
                await self._refresh()
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                _LOG.warning("sessions not read from the database", cause=type(error).__name__)
            ended += self._end_what_nobody_renewed(now)
            stopped, self._stopped = self._stopped, []
            ended += stopped
            try:
                await self._note(ended, now)
                if ticks % _NOMINATE_EVERY_TICKS == 0:  # what is shown here has just been ended by its lease
                    await self._sweep(now, everything=ticks % _SWEEP_EVERY_TICKS == 0)
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                _LOG.warning("sessions not written to the database", cause=type(error).__name__)
            ticks += 1
            await asyncio.sleep(_TICK_SECONDS)

    def _end_what_the_law_ends(self, now: datetime) -> list[tuple[UUID, CloseReason]]:
        """End by replica only, without the database: this works while everything else is away."""
        ended: list[tuple[UUID, CloseReason]] = []
        for attachment in list(self._attachments):
            reason = self.judge(attachment.session, now)
            if reason is not None:
                ended.append(self._end(attachment, reason))
        for camera_id in self._feeds.cameras:
            camera = self._guard.cameras.get(camera_id)
            if camera is None or recording_terms(camera, now) is None:
                self._feeds.end(
                    camera_id,
                    "la caméra ne peut plus être regardée : arrêté échu, masques à signer ou caméra retirée du service",
                )
        return ended

    def _end_what_nobody_renewed(self, now: datetime) -> list[tuple[UUID, CloseReason]]:
        """End what is past the last lease known; without the database nobody can renew either."""
        late = [attachment for attachment in self._attachments if not attachment.session.alive_at(now)]
        return [self._end(attachment, CloseReason.EXPIRED) for attachment in late]

    def _end(self, attachment: Attachment, reason: CloseReason) -> tuple[UUID, CloseReason]:
        attachment.end(reason)
        self._attachments.discard(attachment)
        return attachment.session.session_id, reason

    async def _refresh(self) -> None:
        """Read what other requests and processes did to the sessions that are shown here.

        Judges only those asked for: one that attached during the query is not unknown, just younger.
        """
        asked = list(self._attachments)
        if not asked:
            return
        async with self._database.transaction() as connection:
            known = await rows.find_sessions(connection, [attachment.session.session_id for attachment in asked])
        for attachment in asked:
            session = known.get(attachment.session.session_id)
            if session is None or session.closed_at is not None:
                self._end(attachment, (session and session.close_reason) or CloseReason.EXPIRED)
            else:
                attachment.session = session

    async def _note(self, ended: Sequence[tuple[UUID, CloseReason]], now: datetime) -> None:
        for session_id, reason in ended:
            async with self._database.transaction() as connection:
                await close_session(connection, session_id=session_id, at=now, reason=reason)

    async def _sweep(self, now: datetime, *, everything: bool) -> None:
        """End sessions that nobody renewed, shown anywhere or not: nominated here, confirmed under lock."""
        async with self._database.transaction() as connection:
            nominated = await rows.nominate_expired(connection, now)
            if everything:
                await sweep(connection, now)
        await self._note([(session_id, CloseReason.EXPIRED) for session_id in nominated], now)
