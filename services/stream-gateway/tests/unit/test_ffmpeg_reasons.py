"""Why a pull by ffmpeg ended, read from its last words."""

import pytest

from stream_gateway.ffmpeg.process import end_told
from stream_gateway.media import EndKind


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("[rtsp @ 0x55d0] method DESCRIBE failed: 401 Unauthorized", EndKind.REFUSED),
        ("Server returned 403 Forbidden (access denied)", EndKind.REFUSED),
        ("[rtsp @ 0x55d0] method DESCRIBE failed: 404 Not Found", EndKind.UNKNOWN_STREAM),
        ("method SETUP failed: 461 Unsupported Transport", EndKind.UNSUPPORTED),
        ("[rtsp @ 0x55d401a2] Connection refused", EndKind.UNREACHABLE),
        ("[rtsp @ 0x7f404c00] Connection timed out", EndKind.SILENT),
        ("[rtsp @ 0x7f4614030d] Error reading header", EndKind.CLOSED),
        ("", EndKind.CLOSED),
    ],
)
def test_addresses_of_memory_are_no_answers_of_the_camera(said: str, kind: EndKind) -> None:
    assert end_told(said).kind is kind
