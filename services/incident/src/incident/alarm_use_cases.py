"""Commands that alarms give: open an incident once an alarm, tell its end there."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.registry import AlarmKind, AlarmRaised
from incident import alarm_links, repository
from incident.alarm_rules import AlarmRule, author_of, declaration_of
from incident.domain import Incident, number_year
from incident.errors import IncidentUnknown


async def take_alarm(
    conn: AsyncConnection,
    *,
    alarm: AlarmRaised,
    rules: Mapping[AlarmKind, AlarmRule],
    commune: str | None,
    incident_id: UUID,
    at: datetime,
) -> UUID | None:
    """Open the incident of an alarm, or tell its end in it; return the incident, None where there is none.

    An alarm whose kind opens nothing stays a line in the registry's list. A technical alarm that is first heard of when
    it is over opens nothing: what it tells has mended itself.
    """
    rule = rules[alarm.kind]
    link = await alarm_links.link_of(conn, alarm.alarm_id)
    if link is not None:
        if alarm.ended_at is not None and link.ended_at is None:
            await _tell_end(conn, alarm, rule, link.incident_id, alarm.ended_at)
        return link.incident_id
    if not rule.opens or (rule.technical and alarm.ended_at is not None):
        return None
    declaration = declaration_of(alarm, rule, commune, at)
    number = await repository.next_number(conn, year=number_year(at), insee=alarm.insee)
    opened = Incident.open(incident_id=incident_id, number=number, declaration=declaration, at=at, by=author_of(alarm))
    await repository.save(conn, opened)
    await alarm_links.claim(conn, alarm.alarm_id, incident_id)
    if alarm.ended_at is not None:
        await alarm_links.note_end(conn, alarm.alarm_id, alarm.ended_at)
    return incident_id


async def _tell_end(
    conn: AsyncConnection, alarm: AlarmRaised, rule: AlarmRule, incident_id: UUID, ended_at: datetime
) -> None:
    incident = await repository.load(conn, incident_id, for_change=True)
    if incident is None:
        raise IncidentUnknown(incident_id)
    at = max(ended_at, incident.opened_at)  # the end may have come before the news of the beginning were read
    told = incident.alarm_ended(at=at, by=author_of(alarm), closes_untouched=rule.technical)
    await repository.save(conn, told)
    await alarm_links.note_end(conn, alarm.alarm_id, ended_at)
