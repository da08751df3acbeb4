"""Metres, areas, endpoints, credentials, health."""

import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_registry.credential_vault import AesGcmVault, CredentialsUnreadable, SealingKey, VaultKeyUnusable
from camera_registry.domain.camera import CameraInvalid, Credentials, Endpoints, Health, check_code
from camera_registry.domain.position import Area, AreaInvalid, Position, PositionInvalid, lambert93

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("lon", "lat", "east", "north"),
    [
        (3.0, 46.5, 700_000.0, 6_600_000.0),
        (2.2996, 48.9876, 648_738.9164, 6_876_635.0533),
        (7.75, 48.58, 1_050_163.9436, 6_841_622.7155),
        (-4.49, 48.39, 146_341.3473, 6_836_245.4039),
        (9.45, 42.7, 1_228_546.0453, 6_199_420.6440),
    ],
)
def test_lambert93_agrees_with_proj(lon: float, lat: float, east: float, north: float) -> None:
    """Reference values of PROJ 9 (EPSG:4326 → EPSG:2154)."""
    assert lambert93(Position(lon, lat)) == pytest.approx((east, north), abs=1e-3)


@given(lon=st.floats(-180, 180), lat=st.floats(-90, 90))
def test_every_position_on_earth_has_metres(lon: float, lat: float) -> None:
    assert all(math.isfinite(metres) for metres in lambert93(Position(lon, lat)))


@pytest.mark.parametrize(("lon", "lat"), [(181, 0), (0, 91), (math.nan, 0), (0, math.inf)])
def test_a_position_off_the_earth_is_refused(lon: float, lat: float) -> None:
    with pytest.raises(PositionInvalid):
        Position(lon, lat)


def test_a_border_belongs_to_the_area() -> None:
    square = Area.from_geojson({"type": "Polygon", "coordinates": [[[2, 48], [3, 48], [3, 49], [2, 49], [2, 48]]]})
    assert square.contains(Position(2, 48.5))
    assert not square.contains(Position(1.999999, 48.5))
    assert square.within_reach(Position(1.999, 48.5), 200)
    assert Area.from_geojson(square.to_geojson()).to_geojson() == square.to_geojson()


@pytest.mark.parametrize(
    "geometry",
    [
        {},
        {"type": "Point", "coordinates": [2, 48]},
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon", "coordinates": [[[2, 48], [3, 49]]]},
        {"type": "Polygon", "coordinates": [["a"]]},
        {"type": "Polygon", "coordinates": [[[2, 48], [3, 49], [3, 48], [2, 49], [2, 48]]]},
        {"type": "Polygon", "coordinates": [[[2, -1e308], [3, 48], [3, 49], [2, -1e308]]]},
        {"type": "Polygon", "coordinates": [[[652_000, 6_862_000], [652_100, 6_862_000], [652_100, 6_862_100]]]},
    ],
)
def test_what_is_no_area_is_refused(geometry: dict[str, object]) -> None:
    with pytest.raises(AreaInvalid):
        Area.from_geojson(geometry)


@pytest.mark.parametrize("code", ["", "-A", "a b", "é", "A.B", "A*", "x" * 65])
def test_a_code_that_could_be_no_key_is_refused(code: str) -> None:
    with pytest.raises(CameraInvalid):
        check_code(code)


@pytest.mark.parametrize(
    "url", ["http://h/", "rtsp://", "rtsp://u:p@h/", "rtsp://h:0x/", "rtsp://h/a b", "rtsp://[::1", "/main"]
)
def test_an_address_that_cannot_be_pulled_is_refused(url: str) -> None:
    with pytest.raises(CameraInvalid):
        Endpoints(main_url=url)


@pytest.mark.parametrize("url", ["rtsp://10.0.0.1/main", "rtsps://cam.example:322/x?y=1", "rtsp://[::1]:8554/a"])
def test_an_address_that_can_be_pulled_is_kept(url: str) -> None:
    assert Endpoints(main_url=url).main_url == url


@given(news=st.lists(st.tuples(st.booleans(), st.integers(0, 50)), max_size=20))
def test_health_never_goes_back_in_time(news: list[tuple[bool, int]]) -> None:
    health = Health()
    for online, second in news:
        after = health.reported(online=online, since=NOON + timedelta(seconds=second), reason="")
        assert after.since is not None
        assert health.since is None or after.since >= health.since
        assert after.reported(online=online, since=after.since, reason="") is after
        health = after


def test_credentials_do_not_show_in_a_repr() -> None:
    assert "secret" not in repr(Credentials("moi", "secret"))


@given(username=st.text(max_size=40), password=st.text(max_size=40))
def test_the_vault_gives_back_what_it_was_given(username: str, password: str) -> None:
    vault = AesGcmVault([SealingKey(bytes(32))])
    sealed = vault.seal("C-1", Credentials(username, password))
    assert vault.unseal("C-1", sealed) == Credentials(username, password)


def test_a_sealed_value_opens_for_its_camera_and_its_key_only() -> None:
    vault = AesGcmVault([SealingKey(bytes(32))])
    sealed = vault.seal("C-1", Credentials("u", "p"))
    assert sealed != vault.seal("C-1", Credentials("u", "p"))
    for other, camera_id, value in (
        (vault, "C-2", sealed),
        (AesGcmVault([SealingKey(b"x" * 32)]), "C-1", sealed),
        (vault, "C-1", sealed[:-1] + bytes([sealed[-1] ^ 1])),
        (vault, "C-1", b"\x03" + sealed[1:]),
        (vault, "C-1", b""),
    ):
        with pytest.raises(CredentialsUnreadable):
            other.unseal(camera_id, value)


def test_a_key_file_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "key"
    AesGcmVault.write_new_key(path)
    first = path.read_text()
    AesGcmVault.write_new_key(path)
    assert path.read_text() == first
    assert path.stat().st_mode & 0o777 == 0o600
    sealed = AesGcmVault.from_file(path).seal("C-1", Credentials("u", "p"))
    assert AesGcmVault.from_file(path).unseal("C-1", sealed) == Credentials("u", "p")


@pytest.mark.parametrize("content", ["", "????", "c2hvcnQ="])
def test_a_key_file_that_holds_no_key_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "key"
    path.write_text(content)
    with pytest.raises(VaultKeyUnusable, match="key"):
        AesGcmVault.from_file(path)
