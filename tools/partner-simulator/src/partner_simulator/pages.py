"""The tiny page on which a person reads what a simulated partner received."""

from html import escape
from typing import Any

from partner_simulator.inbox import Inbox, ReceivedMessage

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;"
    "background:#10151c;color:#e6ebf2}a{color:#8fc1ff}article{border:1px solid #33404f;border-radius:8px;"
    "padding:1rem;margin:1rem 0}.P1{border-color:#ff6b6b}time,small{color:#a9b6c6}h2{margin:0 0 .5rem}"
)


def partners_page(inboxes: dict[str, Inbox]) -> str:
    """List the simulated partners that have been spoken to."""
    links = "".join(
        f'<li><a href="/partners/{escape(name)}">{escape(name)}</a> — {len(inbox.messages)} message(s)</li>'
        for name, inbox in sorted(inboxes.items())
    )
    return _page("Simulateur de partenaires", f"<ul>{links or '<li>Aucun message reçu.</li>'}</ul>")


def inbox_page(partner_id: str, inbox: Inbox) -> str:
    """Show a partner's messages, newest first."""
    articles = "".join(_article(message) for message in reversed(inbox.messages))
    return _page(f"Simulateur — {partner_id}", articles or "<p>Aucun message reçu.</p>")


def _article(message: ReceivedMessage) -> str:
    demand: dict[str, Any] = message.payload.get("data", {})

    def text(key: str) -> str:
        return escape(str(demand.get(key) or "—"))

    if message.acknowledged_at is not None:
        state = f"accusé à {message.acknowledged_at:%H:%M:%S} UTC"
    else:
        state = escape(message.acknowledgement_error or "pas encore accusé")
    return (
        f'<article class="{text("priority")}"><h2>{text("priority")} · {text("title")}</h2>'
        f"<p>{text('message')}</p><p>{text('address')}</p>"
        f"<small>{text('incident_number')} · reçu à <time>{message.received_at:%H:%M:%S} UTC</time>"
        f" · {state}</small></article>"
    )


def _page(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="fr"><head><meta charset="utf-8"><meta http-equiv="refresh" content="3">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><h1>{escape(title)}</h1>{body}</body></html>"
    )
