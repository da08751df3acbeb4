"""What a hostile or odd camera may answer."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_gateway.onvif.device import OnvifDevice
from stream_gateway.onvif.soap import MOST_BYTES, PTZ, AnswerUnreadable, Operation, SoapFault, answer_in, read_xml

OPERATION = Operation(PTZ, "GetStatus")


def enveloped(body: str) -> bytes:
    return (
        f'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>{body}</s:Body></s:Envelope>'.encode()
    )


@given(st.one_of(st.binary(max_size=400), st.text(max_size=400).map(enveloped)))
def test_whatever_comes_is_an_answer_a_fault_or_unreadable(document: bytes) -> None:
    with contextlib.suppress(AnswerUnreadable, SoapFault):
        assert answer_in(document, OPERATION).name == "GetStatusResponse"


@pytest.mark.parametrize(
    "document",
    [
        b'<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaa">]><b>&a;</b>',
        b"<a>" * 100 + b"</a>" * 100,
        b"<a>" + b"<b/>" * 30_000 + b"</a>",
        b"<a>" + b" " * MOST_BYTES + b"</a>",
        b"",
        b'<?xml version="1.0" encoding="no-such"?><a/>',
    ],
)
def test_bombs_are_not_read(document: bytes) -> None:
    with pytest.raises(AnswerUnreadable):
        read_xml(document)


def test_a_fault_says_whether_the_account_or_the_operation_is_at_fault() -> None:
    fault = "<s:Fault><s:Code><s:Value>{}</s:Value></s:Code><s:Reason><s:Text>x</s:Text></s:Reason></s:Fault>"
    with pytest.raises(SoapFault) as refused:
        answer_in(enveloped(fault.format("ter:NotAuthorized")), OPERATION)
    assert refused.value.refused
    with pytest.raises(SoapFault) as unknown:
        answer_in(enveloped(fault.format("ter:ActionNotSupported")), OPERATION)
    assert unknown.value.unsupported


def test_a_camera_names_no_other_host() -> None:
    device = OnvifDevice("http://10.1.2.3:8080/onvif/device_service", None, within=1)
    assert device.reachable("http://evil.example/onvif/ptz?x=1") == "http://10.1.2.3:8080/onvif/ptz?x=1"
