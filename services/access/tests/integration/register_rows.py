"""Rows as services ask for them, and what only the server's superuser can do to them."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import asyncpg
from running_access import RunningAccess

from common.ids import new_id
from common.testing.servers import Servers
from contracts.access import FACT_REGISTER_ENTRY, REGISTER_OWNER, RegisterEntry, RegisterResult
from contracts.envelope import Envelope, make_envelope
from guard.seal import sealed


def an_entry(access: RunningAccess, **changes: object) -> RegisterEntry:
    """A row as the stream gateway asks for it, now."""
    return a_row(**{"at": access.clock.now(), **changes})


def a_row(**changes: object) -> RegisterEntry:
    """A row of the register."""
    values: dict[str, object] = {
        "entry_id": new_id(),
        "at": datetime.now(UTC),
        "actor_id": "op.durand",
        "actor_name": "Camille Durand",
        "actor_role": "operateur",
        "habilitation_id": "HAB-1",
        "organisation": "CA Plaine Vallée",
        "action": "live",
        "camera_id": "PV-95598-0001-P1",
        "camera_label": "Gare",
        "insee": "95598",
        "authorisation_id": "AUT-1",
        "motive_code": "surveillance",
        "motive_text": "« ronde » de 22 h\x00",
        "context": "",
        "station": "10.0.0.1",
        "window_from": None,
        "window_until": None,
        "recipient": None,
        "result": RegisterResult.ALLOWED,
        "rule": "toutes_regles",
        "citation": "CSI L.252-3",
        **changes,
    }
    return RegisterEntry.model_validate(values)


def an_event(access: RunningAccess, entry: RegisterEntry) -> Envelope:
    return make_envelope(
        sealed(entry, access.tokens.key("stream-gateway")),
        event_id=entry.entry_id,
        owner=REGISTER_OWNER,
        fact=FACT_REGISTER_ENTRY,
        source="stream-gateway",
        aggregate="register:stream-gateway",
        insee=entry.insee,
        at=entry.at,
    )


async def put_on_the_bus(access: RunningAccess, entries: list[RegisterEntry]) -> None:
    for entry in entries:
        event = an_event(access, entry)
        await access.bus.js.publish(event.nats_subject, event.model_dump_json().encode())


async def as_superuser(access: RunningAccess, servers: Servers, statement: str) -> None:
    """Do what only the server's superuser can: switch the triggers off and change the register."""
    admin = urlsplit(servers.postgres.admin_url)
    superuser = await asyncpg.connect(
        host=admin.hostname,
        port=admin.port,
        user=admin.username,
        password=admin.password,
        database=urlsplit(access.urls.app_url).path[1:],
    )
    await superuser.execute("ALTER TABLE register_entries DISABLE TRIGGER ALL")
    await superuser.execute(statement)
    await superuser.close()


async def verification(access: RunningAccess) -> dict[str, Any]:
    async with access.client(access.as_agent("auditeur.cnil")) as client:
        found: dict[str, Any] = (await client.get("/api/access/register/verification")).json()
    return found
