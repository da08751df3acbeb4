"""Every route of every service asks for a right, or says why it asks for none; and one that forgets is found."""

from typing import Annotated

import endpoint_matrix
import pytest
from endpoint_matrix import Endpoint
from fastapi import APIRouter, Depends

from common.web import Caller, service_scope
from policy import Action

ENDPOINTS = endpoint_matrix.endpoints()
BY_NAME = {endpoint.name: endpoint for endpoint in ENDPOINTS}


def test_no_route_is_left_without_a_right_or_a_reason() -> None:
    assert endpoint_matrix.unguarded(ENDPOINTS) == []


@pytest.mark.parametrize(
    ("route", "actions", "scopes"),
    [
        ("POST /api/stream/sessions", {Action.LIVE}, set[str]()),
        ("WS /api/stream/sessions/{session_id}/ws", {Action.LIVE}, set[str]()),
        ("POST /api/stream/replays", {Action.REPLAY}, set[str]()),
        ("GET /api/registry/internal/cameras/{camera_id}/source", set[Action](), {"cameras.source"}),
        ("GET /api/access/register", {Action.READ_REGISTER}, {"register.read"}),
        ("POST /api/access/policy/simulations", {Action.EXPLAIN_POLICY}, {"policy.read"}),
        ("POST /api/incident/incidents/{incident_id}/transmissions", {Action.TRANSMIT}, set[str]()),
    ],
)
def test_what_is_known_of_some_routes_is_what_their_code_says(
    route: str, actions: set[Action], scopes: set[str]
) -> None:
    assert (BY_NAME[route].rights.actions, BY_NAME[route].rights.scopes) == (actions, scopes)


router = APIRouter(prefix="/api/test")


class Wicket:
    """A way in with two gates."""

    def narrow(self) -> Action:
        return Action.EXPORT

    def wide(self) -> Action:
        return Action.VIEW_CAMERA


def wicket() -> Wicket:
    return Wicket()


@router.get("/forgotten")
async def forgotten(_caller: Caller) -> None:
    """Ask for nothing."""


@router.get("/guarded")
async def guarded(gate: Annotated[Wicket, Depends(wicket)]) -> str:
    return gate.narrow()


@router.get("/machine", dependencies=[Depends(service_scope("cameras.write"))])
async def machine() -> None:
    """Let a machine in."""


def test_a_route_that_forgets_is_found_and_one_that_asks_is_read() -> None:
    found = {one.name: one for one in endpoint_matrix.endpoints_of([router], package=__name__.split(".")[0])}
    told = endpoint_matrix.unguarded(found.values())
    assert any(line.startswith("GET /api/test/forgotten: no right is asked") for line in told)
    assert not any("guarded" in line or "machine" in line for line in told)
    assert found["GET /api/test/guarded"].rights.actions == {Action.EXPORT}
    assert found["GET /api/test/machine"].rights.scopes == {"cameras.write"}


def test_the_page_has_a_line_for_every_route_and_a_column_for_every_role() -> None:
    live = Endpoint("POST /x", BY_NAME["POST /api/stream/sessions"].rights)
    page = endpoint_matrix.page([live])
    header, _, line = page.splitlines()[-3:]
    cells = dict(zip(header.split("|"), line.split("|"), strict=True))
    assert (cells[" `operateur` "], cells[" `admin` "], cells[" action "]) == (" oui ", " – ", " `live` ")
