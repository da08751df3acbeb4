"""The inbox of a simulated partner."""

from datetime import UTC, datetime

from partner_simulator.inbox import KEPT_MESSAGES, Behaviour, Inbox
from partner_simulator.pages import inbox_page, partners_page

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def a_payload(message: str = "Rixe") -> dict[str, object]:
    return {"data": {"dispatch_id": "d", "title": "Rixe", "priority": "P1", "message": message}}


def test_a_repeated_message_is_kept_once_and_counted() -> None:
    inbox = Inbox()
    assert inbox.receive("m1", a_payload(), at=NOW)
    assert not inbox.receive("m1", a_payload(), at=NOW)
    assert [(message.webhook_id, message.deliveries) for message in inbox.messages] == [("m1", 2)]


def test_it_fails_as_often_as_it_was_told() -> None:
    inbox = Inbox(behaviour=Behaviour(fail=2))
    assert [inbox.must_fail() for _ in range(4)] == [True, True, False, False]


def test_only_the_last_messages_are_kept() -> None:
    inbox = Inbox()
    for number in range(KEPT_MESSAGES + 5):
        inbox.receive(f"m{number}", a_payload(), at=NOW)
    assert len(inbox.messages) == KEPT_MESSAGES
    assert inbox.messages[0].webhook_id == "m5"
    inbox.acknowledged("m0", at=NOW)
    assert all(message.acknowledged_at is None for message in inbox.messages)


def test_pages_escape_what_was_received() -> None:
    inbox = Inbox()
    inbox.receive("m1", a_payload("<script>alert(1)</script>"), at=NOW)
    page = inbox_page("pn-enghien", inbox)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "pas encore accusé" in page
    inbox.acknowledged("m1", at=NOW)
    assert "accusé à 09:00:00 UTC" in inbox_page("pn-enghien", inbox)
    assert "pn-enghien" in partners_page({"pn-enghien": inbox})
