"""No secret survives on its way to a log."""

import json
import logging

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from common import telemetry
from common.testing.tokens import TokenMint

words = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=6, max_size=20)


@given(words, words)
def test_credentials_in_a_url_are_blanked(user: str, password: str) -> None:
    text = f"pull rtsp://{user}x:{password}y@10.0.0.1:554/main failed"
    assert f"{password}y" not in str(telemetry.redact(text))
    assert "10.0.0.1:554/main" in str(telemetry.redact(text))


@given(words)
def test_named_secrets_are_blanked_at_any_depth(secret: str) -> None:
    event = {"outer": [{"client_secret": secret, "Authorization": f"Bearer {secret}", "kept": "visible"}]}
    blanked = json.dumps(telemetry.redact(event))
    assert secret not in blanked.replace("client_secret", "").replace("visible", "")
    assert "visible" in blanked


def test_a_log_line_is_json_without_tokens(
    capsys: pytest.CaptureFixture[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    before = logging.getLogger().handlers, logging.getLogger().level
    token = TokenMint(tmp_path_factory.mktemp("keys")).session("op.durand")
    try:
        telemetry.configure("test")
        structlog.get_logger("test").info("opened", url="rtsp://root:hunter22@cam/1", note=f"got {token}", password="p")
        line = json.loads(capsys.readouterr().err.strip().splitlines()[-1])
    finally:
        logging.getLogger().handlers, logging.getLogger().level = before
        structlog.reset_defaults()
    assert line["event"] == "opened"
    assert "hunter22" not in json.dumps(line)
    assert token not in json.dumps(line)
    assert line["password"] == telemetry.REDACTED
