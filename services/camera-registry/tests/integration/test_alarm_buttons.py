"""Boutons d'alerte: registered once with a secret shown once; a press proves itself and is one alarm."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from camera_registry.credential_vault import AesGcmVault
from camera_registry.key_rotation_command import retire, rotate
from common.testing.polling import eventually

from .conftest import Registry

pytestmark = pytest.mark.integration
BUTTONS = "/api/registry/alarms/buttons"
PHARMACY = {
    "button_id": "pharmacie-gare",
    "label": "Pharmacie de la gare",
    "address": "3 place de la gare",
    "insee": "95598",
    "lon": 2.2996,
    "lat": 48.9876,
}


async def registered(registry: Registry, **changes: Any) -> dict[str, Any]:
    answer = await registry.client.post(BUTTONS, json=PHARMACY | changes, headers=registry.agent("tech.moreau"))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def press(
    registry: Registry, button: dict[str, Any], message_id: str, *, sent_at: datetime | None = None, body: str = "{}"
) -> httpx.Response:
    at = sent_at or datetime.now(UTC)
    headers = {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(button["secret"]).sign(message_id, at, body),
    }
    return await registry.client.post(button["path"], content=body, headers=headers)


async def test_a_press_is_an_alarm_with_the_nearest_usable_cameras(registry: Registry) -> None:
    button = await registered(registry)
    pressed = await press(registry, button, "msg-1")
    assert (pressed.status_code, pressed.json()["new"]) == (202, True)
    path = f"/api/registry/alarms/{pressed.json()['alarm_id']}"
    alarm = (await registry.client.get(path, headers=registry.agent("op.durand"))).json()
    assert (alarm["kind"], alarm["source"], alarm["label"]) == ("bouton_alerte", "bouton", "Pharmacie de la gare")
    near = await registry.client.get(
        "/api/registry/cameras/nearest",
        params={"lon": PHARMACY["lon"], "lat": PHARMACY["lat"], "usable": True, "limit": 4},
        headers=registry.agent("op.soisy"),
    )
    assert alarm["camera_ids"] == [camera["camera_id"] for camera in near.json()["items"]]
    hidden = await registry.client.get(path, headers=registry.agent("cr.petit"))
    assert hidden.status_code == 403


async def test_the_same_message_and_presses_in_the_same_minute_are_one_alarm(registry: Registry) -> None:
    button = await registered(registry)
    answers = [(await press(registry, button, message)).json() for message in ("m-1", "m-1", "m-2", "m-3")]
    assert [answer["new"] for answer in answers] == [True, False, False, False]
    assert len({answer["alarm_id"] for answer in answers}) == 1
    alarm = await registry.client.get(
        f"/api/registry/alarms/{answers[0]['alarm_id']}", headers=registry.agent("op.durand")
    )
    assert alarm.json()["repeats"] == 3


async def test_what_proves_nothing_raises_nothing(registry: Registry) -> None:
    button = await registered(registry)
    stranger = button | {"path": f"{BUTTONS}/inconnu"}
    forged = button | {"secret": "whsec_" + "A" * 43 + "="}
    late = datetime.now(UTC) - timedelta(minutes=6)
    refusals = [
        await press(registry, stranger, "m-1"),
        await press(registry, forged, "m-1"),
        await press(registry, button, "m-1", sent_at=late),
        await registry.client.post(button["path"], content="{}"),
        await registry.client.post(button["path"], headers={"Authorization": f"Bearer {button['secret']}"}),
    ]
    assert {answer.status_code for answer in refusals} == {401}
    assert len({answer.text for answer in refusals}) == 1
    long = await press(registry, button, "m-1", body=json.dumps({"x": "y" * 5000}))
    assert long.status_code == 413
    listed = await registry.client.get("/api/registry/alarms", headers=registry.agent("op.durand"))
    assert listed.json()["items"] == []


async def test_a_simple_button_sends_its_secret_and_a_retired_one_is_refused(registry: Registry) -> None:
    button = await registered(registry, proof="jeton")
    header = {"Authorization": f"Bearer {button['secret']}"}
    assert (await registry.client.post(button["path"], headers=header)).status_code == 202
    renewed = await registry.client.post(f"{button['path']}/secret", headers=registry.agent("tech.moreau"))
    assert (await registry.client.post(button["path"], headers=header)).status_code == 401
    header = {"Authorization": f"Bearer {renewed.json()['secret']}"}
    assert (await registry.client.post(button["path"], headers=header)).status_code == 202
    retired = await registry.client.delete(button["path"], headers=registry.agent("tech.moreau"))
    assert retired.status_code == 204
    assert (await registry.client.post(button["path"], headers=header)).status_code == 401


async def test_buttons_are_configuration_within_ones_communes(registry: Registry) -> None:
    button = await registered(registry)
    listed = await registry.client.get(BUTTONS, headers=registry.agent("op.soisy"))
    assert [one["button_id"] for one in listed.json()["items"]] == ["pharmacie-gare"]
    assert button["secret"] not in listed.text
    operator = await registry.client.post(BUTTONS, json=PHARMACY, headers=registry.agent("op.durand"))
    assert operator.status_code == 403
    elsewhere = PHARMACY | {"insee": "95288"}
    assert (
        await registry.client.post(BUTTONS, json=elsewhere, headers=registry.agent("tech.moreau"))
    ).status_code == 404
    twice = await registry.client.post(BUTTONS, json=PHARMACY, headers=registry.agent("tech.moreau"))
    assert twice.status_code == 409
    wrong = await registry.client.post(
        BUTTONS, json=PHARMACY | {"button_id": "b2", "lat": 45.0}, headers=registry.agent("tech.moreau")
    )
    assert wrong.status_code == 422


async def test_a_signing_button_outlives_a_change_of_keys(registry: Registry) -> None:
    button = await registered(registry)
    assert isinstance(registry.vault, AesGcmVault)
    await rotate(database=registry.database, vault=registry.vault)
    await retire(database=registry.database, vault=registry.vault)

    async def pressed() -> int:
        return (await press(registry, button, "after")).status_code

    assert await eventually(pressed, until=lambda status: status == 202, within=10) == 202
