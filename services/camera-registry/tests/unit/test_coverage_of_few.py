"""Saving a few cameras by reading their communes only gives what reading the whole register gives."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import shapely
from hypothesis import given
from hypothesis import strategies as st

from camera_registry.domain.authorisation import (
    Authorisation,
    Finalite,
    authorisation_shown,
    coverage,
)
from camera_registry.domain.camera import Camera
from camera_registry.domain.coverage_of_few import holders, needs_roll, shaken
from camera_registry.domain.position import Area, Position
from contracts.access import OrganisationKind
from contracts.registry import CameraKind, CameraStatus, OperatingMode

NOW = datetime(2026, 6, 1, tzinfo=UTC)
INSEES = ("95001", "95002", "95003")
CONTOURS = {insee: Area(shapely.box(2.0 + i, 48.0, 2.9 + i, 49.0)) for i, insee in enumerate(INSEES)}
PERIMETERS = (None, Area(shapely.box(2.0, 48.0, 2.5, 49.0)), Area(shapely.box(2.4, 48.0, 4.2, 48.5)))
PLACES = tuple(Position(2.2 + 0.25 * x, 48.25 + 0.5 * y) for x in range(9) for y in range(2))


@st.composite
def cameras(draw: st.DrawFn, number: int) -> Camera:
    return Camera(
        camera_id=f"C-{number}",
        code=f"C-{number}",
        label="Caméra",
        insee=draw(st.sampled_from(INSEES)),
        site_id="S",
        kind=CameraKind.FIXE,
        status=draw(st.sampled_from((CameraStatus.EN_SERVICE, CameraStatus.PROJET, CameraStatus.DEPOSEE))),
        position=draw(st.sampled_from(PLACES)),
        registered_at=NOW - timedelta(days=draw(st.integers(0, 3))),
    )


@st.composite
def authorisations(draw: st.DrawFn, number: int) -> Authorisation:
    starts = NOW + timedelta(days=draw(st.sampled_from((-900, -400, -10, 20))))
    return Authorisation(
        authorisation_id=f"A-{number}",
        arrete_number=str(number),
        valid_from=starts,
        valid_until=starts + timedelta(days=draw(st.sampled_from((300, 600, 1200)))),
        communes=tuple(draw(st.lists(st.sampled_from(INSEES), min_size=1, unique=True))),
        camera_count=draw(st.integers(1, 5)),
        finalites=(Finalite.SECURITE_PERSONNES_BIENS,),
        recipients=(OrganisationKind.POLICE_NATIONALE,),
        retention_days=14,
        mode=OperatingMode.DIRECT,
        perimeter=draw(st.sampled_from(PERIMETERS)),
    )


@st.composite
def registers(draw: st.DrawFn) -> tuple[dict[str, Camera], dict[str, Camera], list[Authorisation]]:
    """Return a settled register, what some of its cameras (and perhaps new ones) become, and the arrêtés."""
    size = draw(st.integers(1, 8))
    fleet = {camera.camera_id: camera for camera in (draw(cameras(number)) for number in range(size))}
    arretes = [draw(authorisations(number)) for number in range(draw(st.integers(0, 4)))]
    shown = coverage(fleet.values(), arretes, CONTOURS, NOW)
    settled = {
        camera_id: replace(camera, authorisation_id=one.authorisation_id if (one := shown[camera_id]) else None)
        for camera_id, camera in fleet.items()
    }
    numbers = draw(st.lists(st.integers(0, size + 1), min_size=1, max_size=3, unique=True))
    touched: dict[str, Camera] = {}
    for number in numbers:
        camera = draw(cameras(number))
        before = settled.get(camera.camera_id)
        touched[camera.camera_id] = (
            replace(camera, registered_at=before.registered_at, authorisation_id=before.authorisation_id)
            if before
            else camera
        )
    return settled, touched, arretes


def few(settled: dict[str, Camera], after: dict[str, Camera], arretes: list[Authorisation]) -> dict[str, str | None]:
    """Judge as `use_cases.coverage_of_few` does: from the communes of what changed, and of whom that shakes."""
    before = {camera_id: settled[camera_id] for camera_id in after if camera_id in settled}
    concerned = naming(arretes, {camera.insee for camera in (*before.values(), *after.values())})
    rolls = {one.authorisation_id: roll for one in concerned if (roll := needed(one, settled, len(after)))}
    ids = shaken(concerned, rolls, before, after, CONTOURS) - after.keys()
    changed = {camera_id: settled[camera_id] for camera_id in ids} | after
    judged = naming(arretes, {camera.insee for camera in (*before.values(), *changed.values())})
    rolls |= {one.authorisation_id: roll for one in judged if (roll := needed(one, settled, len(after)))}
    held = {
        one.authorisation_id: holders(one, rolls.get(one.authorisation_id, ()), changed, CONTOURS) for one in judged
    }
    found = {camera_id: authorisation_shown(camera, judged, NOW, held) for camera_id, camera in changed.items()}
    return {camera_id: one.authorisation_id if one else None for camera_id, one in found.items()}


def naming(arretes: list[Authorisation], insee_codes: set[str]) -> list[Authorisation]:
    return [one for one in arretes if insee_codes & set(one.communes)]


def needed(one: Authorisation, settled: dict[str, Camera], changed: int) -> list[Camera]:
    roll = [camera for camera in settled.values() if camera.counted and camera.insee in one.communes]
    return roll if needs_roll(one, len(roll), changed) else []


@given(registers())
def test_both_ways_put_every_camera_under_the_same_arrete(
    register: tuple[dict[str, Camera], dict[str, Camera], list[Authorisation]],
) -> None:
    settled, touched, arretes = register
    whole = coverage((settled | touched).values(), arretes, CONTOURS, NOW)
    expected = {camera_id: one.authorisation_id if one else None for camera_id, one in whole.items()}
    kept = {camera_id: camera.authorisation_id for camera_id, camera in settled.items()}
    assert kept | few(settled, touched, arretes) == expected


def test_a_place_given_up_passes_to_the_next_in_line() -> None:
    first, second, third = (
        replace(A_CAMERA, camera_id=f"C-{rank}", registered_at=NOW + timedelta(days=rank)) for rank in range(3)
    )
    arrete = replace(AN_ARRETE, camera_count=2)
    gone = replace(first, status=CameraStatus.DEPOSEE)
    rolls = {arrete.authorisation_id: [first, second, third]}
    before, after = {first.camera_id: first}, {first.camera_id: gone}
    assert shaken([arrete], rolls, before, after, CONTOURS) == {"C-0", "C-2"}


A_CAMERA = Camera(
    camera_id="C-0",
    code="C-0",
    label="Caméra",
    insee="95001",
    site_id="S",
    kind=CameraKind.FIXE,
    status=CameraStatus.EN_SERVICE,
    position=Position(2.2, 48.25),
    registered_at=NOW,
)
AN_ARRETE = Authorisation(
    authorisation_id="A-0",
    arrete_number="1",
    valid_from=NOW - timedelta(days=1),
    valid_until=NOW + timedelta(days=1),
    communes=("95001",),
    camera_count=1,
    finalites=(Finalite.SECURITE_PERSONNES_BIENS,),
    recipients=(OrganisationKind.POLICE_NATIONALE,),
    retention_days=14,
    mode=OperatingMode.DIRECT,
)
