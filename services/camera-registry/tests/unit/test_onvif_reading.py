"""What devices send is read or refused, never a crash; and what it means."""

import base64
import contextlib
import hashlib
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_registry.domain.camera import Credentials
from camera_registry.onvif.notifications import device_time, signals_in
from camera_registry.onvif.readings import (
    by_size,
    hosts_in,
    jpeg_size,
    kinds_in,
    name_of,
    presets_in,
    profiles_in,
    services_in,
    stream_address,
)
from camera_registry.onvif.soap import DEVICE, Operation, SoapFault, answer_in, envelope, reference_parameters
from camera_registry.onvif.topics import TOPICS, topic_named
from camera_registry.onvif.ws_discovery import matches_in, probe_message, scope_words
from camera_registry.onvif.xml_tree import MAX_DEPTH, Node, XmlRefused, read_xml
from contracts.registry import AlarmKind

NOW = datetime(2026, 7, 14, 22, 0, tzinfo=UTC)
TAGS = st.sampled_from(
    [
        "Envelope",
        "Body",
        "Fault",
        "Profiles",
        "Preset",
        "Service",
        "XAddr",
        "Topic",
        "Message",
        "NotificationMessage",
        "Data",
        "SimpleItem",
        "UTCDateTime",
        "ProbeMatch",
        "XAddrs",
        "Scopes",
        "TopicSet",
        "Resolution",
        "Width",
        "Name",
    ]
)
ATTRIBUTES = st.dictionaries(
    st.sampled_from(["token", "Name", "Value", "PropertyOperation", "UtcTime", "GovLength"]), st.text(max_size=20)
)
TREES = st.recursive(
    st.builds(Node, TAGS, ATTRIBUTES, st.text(max_size=30)),
    lambda children: st.builds(
        Node, TAGS, ATTRIBUTES, st.text(max_size=30), st.just(""), st.lists(children, max_size=4)
    ),
    max_leaves=25,
)


@given(st.binary(max_size=400))
def test_any_octets_are_read_or_refused(document: bytes) -> None:
    with contextlib.suppress(XmlRefused):
        read_xml(document)
    assert matches_in(document, "10.0.0.1", "urn:uuid:1") == []
    with pytest.raises((XmlRefused, SoapFault)):
        answer_in(document, Operation(DEVICE, "GetScopes"))
    jpeg_size(b"\xff\xd8\xff" + document)


@given(st.text(alphabet='<>/&;"= abc:!-[]DOCTYPEN', max_size=300))
def test_anything_that_looks_like_xml_is_read_or_refused(document: str) -> None:
    with contextlib.suppress(XmlRefused):
        read_xml(document.encode())


@given(TREES)
def test_any_tree_is_understood_as_far_as_it_goes(tree: Node) -> None:
    assert by_size(profiles_in(tree)) is not None
    assert all(preset.token for preset in presets_in(tree))
    assert isinstance(services_in(tree), dict)
    assert set(kinds_in(tree)) <= set(AlarmKind)
    assert all(signal.at == NOW for signal in signals_in(tree, NOW))
    assert all(name == name_of(name) for name in hosts_in(tree, tree))
    reference_parameters(tree)


@pytest.mark.parametrize(
    "document",
    [
        b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a><a/>'.encode("utf-16"),
        b"<a>" * (MAX_DEPTH + 1) + b"</a>" * (MAX_DEPTH + 1),
        b"<a>" + b"<b/>" * 30_000 + b"</a>",
        b" " * 2_000_000,
        b'<?xml version="1.0" encoding="klingon"?><a/>',
    ],
)
def test_what_no_honest_device_sends_is_refused(document: bytes) -> None:
    with pytest.raises(XmlRefused):
        read_xml(document)


def test_prefixes_that_nobody_declared_do_not_matter() -> None:
    found = read_xml(b'<s:Envelope><s:Body><t:A t:token="1">x</t:A></s:Body></s:Envelope>').find("Body", "A")
    assert found is not None
    assert (found.attributes, found.text) == ({"token": "1"}, "x")


def test_a_token_is_a_digest_that_the_specification_explains() -> None:
    request = envelope(Operation(DEVICE, "GetScopes"), credentials=Credentials("v<i>", "mot"), device_now=NOW, to="x")
    root = read_xml(request)
    nonce = base64.b64decode(root.value("Security", "UsernameToken", "Nonce") or "")
    created = root.value("Security", "UsernameToken", "Created") or ""
    expected = hashlib.sha1(nonce + created.encode() + b"mot", usedforsecurity=False).digest()
    assert root.value("Security", "UsernameToken", "Password") == base64.b64encode(expected).decode()
    assert root.value("Security", "UsernameToken", "Username") == "v<i>"
    assert b"mot<" not in request


@given(host=st.sampled_from(["10.0.0.9", "fe80::1", "camera"]), uri=st.text(max_size=60))
def test_a_stream_address_never_holds_a_password_and_stays_on_the_host_we_know(host: str, uri: str) -> None:
    for given_uri in (uri, f"rtsp://u:p@1.2.3.4:554/{uri}", f"rtsp://{uri}"):
        found = stream_address(given_uri, host)
        if found is not None:
            assert re.match(r"rtsps?://\[?" + re.escape(host), found)
            assert "u:p@" not in found


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("tns1:RuleEngine/CellMotionDetector/Motion", AlarmKind.MOUVEMENT),
        ("tns1:VideoSource/MotionAlarm", AlarmKind.MOUVEMENT),
        ("tnsaxis:CameraApplicationPlatform/tns1:RuleEngine/LineDetector/Crossed", AlarmKind.FRANCHISSEMENT),
        ("tns1:VideoSource/tns1:GlobalSceneChange/ImagingService", AlarmKind.SABOTAGE),
        ("tns1:RuleEngine/TamperDetector/Tamper", AlarmKind.SABOTAGE),
        ("tns1:Device/Trigger/DigitalInput", AlarmKind.ENTREE_CONTACT),
        ("tns1:RuleEngine/FaceDetector/Face", None),
        ("tns1:RuleEngine/LicensePlateDetector/Plate", None),
        ("", None),
    ],
)
def test_topics_are_data_and_what_is_not_listed_is_ignored(path: str, kind: AlarmKind | None) -> None:
    found = topic_named(path)
    assert (found.kind if found else None) == kind


def test_no_topic_of_faces_plates_or_behaviour_is_listed() -> None:
    assert not [name for name in TOPICS if re.search("face|plate|people|person|loiter|gait", name)]


def notification(operation: str, value: str, *, topic: str = "tns1:RuleEngine/CellMotionDetector/Motion") -> Node:
    return read_xml(
        f"<r><NotificationMessage><Topic>{topic}</Topic><Message><tt:Message UtcTime='2026-07-14T21:59:58Z'"
        f" PropertyOperation='{operation}'><Source><SimpleItem Name='Rule' Value='Porte'/></Source>"
        f"<Data><SimpleItem Name='IsMotion' Value='{value}'/></Data></tt:Message></Message>"
        "</NotificationMessage></r>".encode()
    )


@pytest.mark.parametrize(
    ("operation", "value", "active", "initial"),
    [
        ("Initialized", "true", True, True),
        ("Initialized", "false", False, True),
        ("Changed", "true", True, False),
        ("Changed", "0", False, False),
        ("Deleted", "true", False, False),
        ("", "1", True, False),
    ],
)
def test_what_a_message_says(operation: str, value: str, *, active: bool, initial: bool) -> None:
    (signal,) = signals_in(notification(operation, value), NOW)
    assert (signal.kind, signal.active, signal.initial, signal.lasting) == (AlarmKind.MOUVEMENT, active, initial, True)
    assert signal.device_at == datetime(2026, 7, 14, 21, 59, 58, tzinfo=UTC)
    assert "Porte" in signal.detail


def test_a_message_without_its_state_says_nothing_and_a_crossing_needs_none() -> None:
    assert signals_in(notification("Changed", "peut-être"), NOW) == []
    (crossed,) = signals_in(notification("", "12", topic="tns1:RuleEngine/LineDetector/Crossed"), NOW)
    assert (crossed.kind, crossed.lasting) == (AlarmKind.FRANCHISSEMENT, False)


@given(st.text(max_size=40))
def test_any_time_is_read_or_none(text: str) -> None:
    found = device_time(text)
    assert found is None or found.tzinfo is UTC


def test_a_probe_match_is_believed_for_its_scopes_and_not_for_its_address() -> None:
    asked = "urn:uuid:00000000-0000-0000-0000-000000000001"
    assert read_xml(probe_message(asked)).value("Header", "MessageID") == asked
    document = (
        f"<E><H:Header><RelatesTo>{asked}</RelatesTo></H:Header><Body><ProbeMatches><ProbeMatch>"
        "<Scopes>onvif://www.onvif.org/name/AXIS%20P3245 onvif://www.onvif.org/hardware/P3245 x://y/z</Scopes>"
        "<XAddrs>http://10.9.9.9/onvif/device_service ftp://x http://u:p@1.2.3.4/</XAddrs>"
        "</ProbeMatch></ProbeMatches></Body></E>"
    ).encode()
    (device,) = matches_in(document, "192.168.1.20", asked)
    assert (device.address, device.manufacturer, device.model) == ("192.168.1.20", "AXIS P3245", "P3245")
    assert device.xaddrs == ("http://10.9.9.9/onvif/device_service",)
    assert matches_in(document, "192.168.1.20", "urn:uuid:2") == []


@given(st.lists(st.text(max_size=40), max_size=5))
def test_any_scopes_are_read(scopes: list[str]) -> None:
    scope_words(tuple(f"onvif://www.onvif.org/{scope}" for scope in scopes))


def test_reference_parameters_are_sent_back_as_they_came() -> None:
    subscription = read_xml(
        b'<S><ReferenceParameters><dom0:SubscriptionId xmlns:dom0="http://www.axis.com/2009/event">7'
        b"</dom0:SubscriptionId></ReferenceParameters></S>"
    )
    header = read_xml(f"<h>{reference_parameters(subscription)}</h>".encode()).find("SubscriptionId")
    assert header is not None
    assert (header.namespace, header.text) == ("http://www.axis.com/2009/event", "7")
