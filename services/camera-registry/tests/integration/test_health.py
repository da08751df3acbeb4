"""The fleet watched by its bytes, by our own questions and by its pictures: cameras are simulated, nothing else is."""

import asyncio
import csv
import io
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.engine import Row

from camera_registry.domain.camera import Camera, Credentials, Endpoints
from camera_registry.domain.health_rules import HealthRules, HysteresisRule
from camera_registry.domain.hysteresis import Hysteresis
from camera_registry.health_rules_file import health_rules
from camera_registry.repository.checks import BY_MEDIA, BY_PROBE, LookRow
from camera_registry.tables import alarms, camera_checks, cameras
from camera_registry.use_cases.cameras import register_cameras
from camera_registry.use_cases.health import record_look, record_reachability, settle_alarms
from camera_registry.watch.fleet import FleetWatch, Pace
from camera_simulator.testing import SimulatorProcess
from common.clock import SystemClock
from common.testing.polling import eventually
from contracts.registry import AlarmKind

from .conftest import Registry
from .test_events import health_events, publish, reachability

pytestmark = pytest.mark.integration

FAST = Pace(ask_every=0.5, look_every=0.5, measure_every=3600.0, looks_at_once=8)
STREAM_ACCOUNT = Credentials("vigie", "")
AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def simulator() -> Iterator[SimulatorProcess]:
    with SimulatorProcess(count=7, username="vigie", password="le-bon-mot") as running:
        yield running


def hasty(rules: HealthRules) -> HealthRules:
    """Return the rules without their waits: what they wait for is proved on the pure rules."""
    quick = {kind: HysteresisRule(2, timedelta(0), 1) for kind in rules.hysteresis}
    damping = {kind: replace(rule, after=timedelta(0), end_after=timedelta(0)) for kind, rule in rules.damping.items()}
    return replace(rules, hysteresis=quick, damping=damping, picture=replace(rules.picture, enough_history=2))


async def attached(registry: Registry, simulator: SimulatorProcess, *numbers: int) -> list[Camera]:
    """Give fixed cameras of Soisy the streams of simulated ones; return them."""
    free = [one for one in registry.seed.cameras if one.insee == "95598" and not one.has_ptz and not one.has_stream]
    account = replace(STREAM_ACCOUNT, password="le-bon-mot")
    chosen = [
        replace(
            camera,
            endpoints=Endpoints(
                simulator.rtsp_url(number), simulator.rtsp_url(number, "sub"), simulator.onvif_url(number)
            ),
            credentials=account,
        )
        for camera, number in zip(free, numbers, strict=False)
    ]
    ids = [camera.camera_id for camera in chosen]
    async with registry.database.transaction() as conn:
        await register_cameras(conn=conn, vault=registry.vault, cameras=chosen, at=datetime.now(UTC))
        await conn.execute(update(cameras).where(cameras.c.camera_id.not_in(ids)).values(main_url=None))
        fixed = {"masks_signed": True, "status": "en_service", "kind": "fixe"}
        await conn.execute(update(cameras).where(cameras.c.camera_id.in_(ids)).values(**fixed))
    return chosen


@asynccontextmanager
async def watching(registry: Registry, rules: HealthRules, pace: Pace) -> AsyncGenerator[None]:
    """Watch the fleet meanwhile."""
    watch = FleetWatch(registry.database, registry.vault, SystemClock(), rules, pace)
    running = asyncio.create_task(watch.run())
    try:
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def health(registry: Registry, camera: Camera) -> dict[str, Any]:
    path = f"/api/registry/health/cameras/{camera.camera_id}"
    answer = await registry.client.get(path, headers=registry.agent("op.durand"))
    assert answer.status_code == 200, answer.text
    return answer.json()


def kinds(found: dict[str, Any]) -> list[str]:
    return [trouble["kind"] for trouble in found["troubles"]]


async def open_alarms(registry: Registry, camera: Camera) -> list[str]:
    async with registry.database.transaction() as conn:
        query = select(alarms.c.kind).where(alarms.c.source_id == camera.camera_id, alarms.c.ended_at.is_(None))
        return list((await conn.execute(query)).scalars())


async def checks_of(registry: Registry, camera: Camera) -> Row[Any]:
    async with registry.database.transaction() as conn:
        query = select(camera_checks).where(camera_checks.c.camera_id == camera.camera_id)
        return (await conn.execute(query)).one()


async def every(
    registry: Registry, fleet: list[Camera], test: Callable[[dict[str, Any]], bool]
) -> list[dict[str, Any]]:
    """Wait until each camera's health passes the test."""
    return [await eventually(lambda camera=camera: health(registry, camera), until=test) for camera in fleet]


async def test_sick_pictures_and_clocks_are_named_and_end_with_the_sickness(
    registry: Registry, simulator: SimulatorProcess
) -> None:
    """Four sick pictures and a wrong clock at the same time, on cameras that were healthy before and are after."""
    numbers = (1, 2, 4, 5, 7)  # every third one shows a film of changing scenes, which is no fixed view
    fleet = await attached(registry, simulator, *numbers)
    sick = {"black": "image_noire", "blurred": "image_floue", "shifted": "camera_deplacee", "still": "image_figee"}

    async def learned() -> bool:
        scenes = [(await checks_of(registry, camera)).scenes for camera in fleet[:4]]
        return all(len(one.get("jour", {}).get("sharpness", ())) >= 2 for one in scenes)

    async with watching(registry, hasty(health_rules()), FAST):
        healthy = await every(registry, fleet, lambda one: one["online"] is True and one["quality"] is not None)
        for found in healthy:
            assert found["watched_by"] == "sonde"
            assert found["received_kbps"] > 0
            assert (found["quality"]["width"], found["quality"]["height"]) == (1280, 720)
            assert found["quality"]["fps"] == pytest.approx(12.5, abs=0.5)
            assert found["quality"]["gop_s"] == pytest.approx(2.0, abs=0.1)
            assert found["quality"]["shortfalls"] == []
            assert abs(found["clock_offset_s"]) < 5
        await eventually(learned)
        assert [kinds(await health(registry, camera)) for camera in fleet] == [[]] * 5
        for number, picture in zip(numbers, sick, strict=False):
            simulator.set_faults(number, picture=picture)
        simulator.set_faults(numbers[-1], clock_error_s=-75)
        found = await every(registry, fleet, lambda one: bool(one["troubles"]))
        assert [kinds(one) for one in found] == [[kind] for kind in (*sick.values(), "horloge")]
        assert found[-1]["troubles"][0]["detail"].endswith("s de retard")
        assert found[-1]["clock_offset_s"] == pytest.approx(-75, abs=3)
        for camera, kind in zip(fleet, (*sick.values(), "horloge"), strict=True):
            assert await eventually(lambda camera=camera: open_alarms(registry, camera)) == [kind]
        for number in numbers:
            simulator.set_faults(number)
        await every(registry, fleet, lambda one: not one["troubles"])
        for camera in fleet:
            assert (
                await eventually(lambda camera=camera: open_alarms(registry, camera), until=lambda found: not found)
                == []
            )
    kept = await checks_of(registry, fleet[1])
    assert len(kept.day_edges) == 64 * 36, "nothing of a picture is kept but the strength of its edges"
    assert len(str(kept.scenes)) < 2000


async def test_a_camera_that_loses_its_power_is_lost_and_comes_back(
    registry: Registry, simulator: SimulatorProcess
) -> None:
    camera = (await attached(registry, simulator, 1))[0]
    asking = replace(FAST, look_every=0)
    async with watching(registry, hasty(health_rules()), asking):
        await eventually(lambda: health(registry, camera), until=lambda one: one["online"] is True)
        simulator.set_faults(1, offline=True)
        lost = await eventually(lambda: health(registry, camera), until=lambda one: one["online"] is False)
        assert kinds(lost) == ["camera_hs"]
        assert lost["troubles"][0]["title"] == "Caméra hors service"
        assert await eventually(lambda: open_alarms(registry, camera)) == ["camera_hs"]
        simulator.set_faults(1)
        await eventually(lambda: health(registry, camera), until=lambda one: one["online"] is True)
        assert await eventually(lambda: open_alarms(registry, camera), until=lambda found: not found) == []
    told = await eventually(lambda: health_events(registry), until=lambda events: len(events) >= 3)
    assert [event.online for event in told] == [True, False, True]


async def test_without_an_arrete_a_camera_is_asked_for_life_and_not_looked_at(
    registry: Registry, simulator: SimulatorProcess
) -> None:
    camera, covered = await attached(registry, simulator, 1, 2)
    async with registry.database.transaction() as conn:
        uncovered = cameras.c.camera_id == camera.camera_id
        await conn.execute(update(cameras).where(uncovered).values(authorisation_id=None))
    async with watching(registry, health_rules(), FAST):
        await every(registry, [camera], lambda one: one["online"] is True)
        await every(registry, [covered], lambda one: one["looked_at"] is not None)
    found = await health(registry, camera)
    assert found["looked_at"] is None
    assert found["quality"] is None


async def reported(registry: Registry, camera_id: str, *, online: bool, at: datetime, by: str = BY_PROBE) -> bool:
    async with registry.database.transaction() as conn:
        return await record_reachability(
            conn=conn,
            camera_id=camera_id,
            online=online,
            since=at,
            reason="" if online else "plus d'octets",
            at=at,
            watched_by=by,
            rules=health_rules(),
        )


async def settled(registry: Registry, at: datetime) -> int:
    async with registry.database.transaction() as conn:
        return await settle_alarms(conn=conn, at=at, rules=health_rules())


async def test_a_loss_opens_one_alarm_after_half_a_minute_and_flapping_none_more(registry: Registry) -> None:
    camera = registry.seed.cameras[0]
    for second in (0, 4, 8):
        await reported(registry, camera.camera_id, online=True, at=AT + timedelta(seconds=second))
        await reported(registry, camera.camera_id, online=False, at=AT + timedelta(seconds=second + 2))
        if second < 8:
            assert await settled(registry, AT + timedelta(seconds=second + 2)) == 0
    assert await settled(registry, AT + timedelta(seconds=11)) == 1, "three losses in ten minutes are one long one"
    assert await open_alarms(registry, camera) == ["camera_hs"]
    await reported(registry, camera.camera_id, online=True, at=AT + timedelta(seconds=20))
    await reported(registry, camera.camera_id, online=False, at=AT + timedelta(seconds=30))
    assert await settled(registry, AT + timedelta(minutes=5)) == 0
    assert await open_alarms(registry, camera) == ["camera_hs"]
    await reported(registry, camera.camera_id, online=True, at=AT + timedelta(minutes=6))
    assert await settled(registry, AT + timedelta(minutes=7, seconds=59)) == 0
    assert await settled(registry, AT + timedelta(minutes=8)) == 1
    assert await open_alarms(registry, camera) == []


async def test_a_camera_in_works_raises_nothing_until_it_is_back_in_service(registry: Registry) -> None:
    camera = registry.seed.cameras[0]

    async def status(value: str) -> None:
        async with registry.database.transaction() as conn:
            await conn.execute(update(cameras).where(cameras.c.camera_id == camera.camera_id).values(status=value))

    await reported(registry, camera.camera_id, online=True, at=AT)
    await status("en_travaux")
    await reported(registry, camera.camera_id, online=False, at=AT + timedelta(seconds=1))
    assert await settled(registry, AT + timedelta(minutes=2)) == 0
    await status("en_service")
    assert await settled(registry, AT + timedelta(minutes=4)) == 1


async def test_the_media_plane_s_news_opens_an_outage_and_a_trouble(registry: Registry) -> None:
    camera_id = registry.seed.cameras[0].camera_id
    now = datetime.now(UTC)
    insee = registry.seed.cameras[0].insee
    await publish(registry, reachability(online=True, since=now - timedelta(hours=1), camera_id=camera_id, insee=insee))
    await publish(registry, reachability(online=False, since=now, camera_id=camera_id, insee=insee))

    async def problems() -> dict[str, Any]:
        answer = await registry.client.get("/api/registry/health", headers=registry.agent("op.durand"))
        return answer.json()

    found = await eventually(problems, until=lambda one: bool(one["items"]))
    assert [item["camera_id"] for item in found["items"]] == [camera_id]
    assert found["items"][0]["watched_by"] == BY_MEDIA
    assert found["counts"]["lost"] == 1
    assert found["counts"]["by_kind"] == [{"kind": "camera_hs", "title": "Caméra hors service", "number": 1}]
    told = await eventually(lambda: health_events(registry), until=lambda events: len(events) >= 2)
    assert told[-1].findings == (AlarmKind.CAMERA_HS,)


async def test_availability_counts_every_second_of_a_month_once(registry: Registry) -> None:
    camera = registry.seed.cameras[0]
    begun = datetime(2026, 10, 1, tzinfo=UTC) - timedelta(hours=2)  # midnight of 1 October in Paris
    await reported(registry, camera.camera_id, online=True, at=begun)
    await reported(registry, camera.camera_id, online=False, at=begun + timedelta(days=3))
    await reported(registry, camera.camera_id, online=True, at=begun + timedelta(days=3, seconds=90))
    async with registry.database.transaction() as conn:
        await conn.execute(
            text(
                "INSERT INTO camera_outages (camera_id, started_at, ended_at, planned, reason)"
                " VALUES (:id, :start, :end, true, 'en_travaux')"
            ),
            {
                "id": camera.camera_id,
                "start": begun + timedelta(days=3, seconds=60),
                "end": begun + timedelta(days=4),
            },
        )
    query = {"month": "2026-10", "insee": camera.insee}
    answer = await registry.client.get(
        "/api/registry/health/availability", params=query, headers=registry.agent("op.durand")
    )
    row = answer.json()["items"][0]
    hours = 31 * 24 + 1  # the clocks go back on 25 October
    assert row["followed_s"] == hours * 3600
    assert row["planned_s"] == 86_400 - 60
    assert row["unavailable_s"] == 60
    assert row["available_s"] == row["followed_s"] - row["planned_s"] - row["unavailable_s"]
    file = await registry.client.get(
        "/api/registry/health/availability.csv",
        params=query | {"cameras": True},
        headers=registry.agent("op.durand"),
    )
    lines = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig")), delimiter=";"))
    assert lines[1][3] == camera.camera_id
    assert lines[1][6:10] == [str(row[name]) for name in ("followed_s", "planned_s", "unavailable_s", "available_s")]
    assert lines[-1][4] == "Ensemble"
    bad = await registry.client.get(
        "/api/registry/health/availability", params={"month": "2026-13"}, headers=registry.agent("op.durand")
    )
    assert bad.status_code == 422


async def test_health_is_bounded_by_the_communes_of_who_asks(registry: Registry) -> None:
    enghien = next(one for one in registry.seed.cameras if one.insee == "95210" and one.has_stream)
    await reported(registry, enghien.camera_id, online=False, at=datetime.now(UTC))
    soisy, both = registry.agent("op.soisy"), registry.agent("op.durand")
    mine = (await registry.client.get("/api/registry/health", headers=soisy)).json()
    assert mine["items"] == []
    assert mine["counts"]["lost"] == 0
    assert (await registry.client.get("/api/registry/health", headers=both)).json()["counts"]["lost"] == 1
    path = f"/api/registry/health/cameras/{enghien.camera_id}"
    assert (await registry.client.get(path, headers=soisy)).status_code == 404
    refused = await registry.client.get("/api/registry/health", headers=registry.agent("cr.petit"))
    assert refused.status_code == 403
    body = {"reason": "objectif réorienté après travaux"}
    assert (await registry.client.post(f"{path}/view", json=body, headers=both)).status_code == 403
    adopted = await registry.client.post(f"{path}/view", json=body, headers=registry.agent("tech.moreau"))
    assert adopted.status_code == 204, adopted.text


async def test_a_person_adopts_a_new_view_and_only_what_hangs_on_the_view_ends(registry: Registry) -> None:
    camera = next(one for one in registry.seed.cameras if one.insee == "95598" and one.has_stream)
    before = datetime.now(UTC) - timedelta(hours=1)
    await reported(registry, camera.camera_id, online=True, at=before)
    lasting = {kind: Hysteresis(on=True) for kind in (AlarmKind.CAMERA_DEPLACEE, AlarmKind.HORLOGE)}
    row = LookRow(camera.camera_id, before, "", None, None, None, lasting, None)
    async with registry.database.transaction() as conn:
        await record_look(conn=conn, look=row, before={}, words={}, rules=health_rules())
    assert kinds(await health(registry, camera)) == ["camera_deplacee", "horloge"]
    adopted = await registry.client.post(
        f"/api/registry/health/cameras/{camera.camera_id}/view",
        json={"reason": "mât remplacé, cadrage validé"},
        headers=registry.agent("tech.moreau"),
    )
    assert adopted.status_code == 204, adopted.text
    assert kinds(await health(registry, camera)) == ["horloge"]
    kept = await checks_of(registry, camera)
    assert set(kept.hysteresis) == {"horloge"}
    assert kept.views_since is not None
