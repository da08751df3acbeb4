"""An independent SOAP client (zeep) with ONVIF's official WSDL of Media2 uses the simulator's privacy masks."""

import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from zeep import Client
from zeep.exceptions import Fault
from zeep.transports import Transport
from zeep.wsse.username import UsernameToken

from camera_simulator.testing import SimulatorProcess

pytestmark = pytest.mark.integration
FILES = Path(__file__).parents[1] / "wsdl"
ELSEWHERE = {name: name for name in ("b-2.xsd", "t-1.xsd", "bf-2.xsd", "ws-addr.xsd", "xml.xsd")} | {
    "2005/05/xmlmime": "xmlmime",
    "2004/08/xop/include": "include",
}
BINDING = "{http://www.onvif.org/ver20/media/wsdl}Media2Binding"
VIEW = "VideoSourceConfiguration"


SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
SOAP12_TYPES = f"""<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="{SOAP12}">
<xs:complexType name="Envelope"/><xs:complexType name="Fault"/></xs:schema>""".encode()
"""Of SOAP 1.2's own schema ONVIF's refers to two types, which no mask operation carries."""


class OfficialFiles(Transport):
    """Finds what the official schemas import from the web in the ONVIF client's package: tests go nowhere."""

    def load(self, url: str) -> bytes:
        if url.endswith("2003/05/soap-envelope"):
            return SOAP12_TYPES
        for ending, name in ELSEWHERE.items():
            if url.endswith(ending):
                spec = find_spec("onvif")
                assert spec is not None
                assert spec.origin is not None
                return (Path(spec.origin).parent / "wsdl" / name).read_bytes()
        return bytes(super().load(url))


def official_wsdl(folder: Path) -> Path:
    """Lay the official files out as they refer to each other."""
    target = folder / "ver20" / "media" / "wsdl" / "media.wsdl"
    schemas = folder / "ver10" / "schema"
    target.parent.mkdir(parents=True)
    schemas.mkdir(parents=True)
    shutil.copy(FILES / "media2.wsdl", target)
    for name in ("onvif.xsd", "common.xsd"):
        shutil.copy(FILES / name, schemas / name)
    return target


@pytest.fixture(scope="module")
def wsdl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return official_wsdl(tmp_path_factory.mktemp("wsdl"))


@pytest.fixture
def media2(simulator: SimulatorProcess, wsdl: Path) -> Iterator[Any]:
    simulator.set_quirks(1, "masks")
    address = simulator.onvif_url(1).replace("device_service", "media2_service")
    token = UsernameToken(simulator.username, simulator.password, use_digest=True)
    client = Client(str(wsdl), wsse=token, transport=OfficialFiles())
    yield client.create_service(BINDING, address)
    simulator.set_quirks(1)


def a_mask(*corners: tuple[float, float]) -> dict[str, Any]:
    return {
        "ConfigurationToken": VIEW,
        "Polygon": {"Point": [{"x": x, "y": y} for x, y in corners]},
        "Type": "Color",
        "Enabled": True,
    }


TRIANGLE = ((-0.5, 0.5), (0.5, 0.5), (0.0, -0.5))


def test_masks_are_made_listed_changed_and_deleted(media2: Any) -> None:
    assert media2.GetServiceCapabilities().Mask is True
    assert [view.token for view in media2.GetVideoSourceConfigurations()] == [VIEW]
    options = media2.GetMaskOptions(ConfigurationToken=VIEW)
    assert (options.MaxMasks, options.Types) == (8, ["Color"])
    token = media2.CreateMask(Mask=a_mask(*TRIANGLE))
    kept = media2.GetMasks(ConfigurationToken=VIEW)
    assert [(mask.token, [(point.x, point.y) for point in mask.Polygon.Point]) for mask in kept] == [
        (token, list(TRIANGLE))
    ]
    media2.SetMask(Mask=a_mask(*TRIANGLE) | {"token": token, "Enabled": False})
    assert [mask.Enabled for mask in media2.GetMasks(Token=token)] == [False]
    media2.DeleteMask(Token=token)
    assert not media2.GetMasks()


def test_what_no_camera_takes_is_a_fault(media2: Any) -> None:
    for wrong in (((0, 0), (2, 0), (0, 1)), ((0, 0), (1, 0), (0, 1)) * 4):
        with pytest.raises(Fault):
            media2.CreateMask(Mask=a_mask(*wrong))
    with pytest.raises(Fault):
        media2.DeleteMask(Token="inconnu")
    with pytest.raises(Fault):
        media2.GetMaskOptions(ConfigurationToken="autre")
