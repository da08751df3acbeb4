"""What a pull-point's messages mean: signals of the kinds that `topics.toml` lists, nothing of the others."""

from datetime import UTC, datetime

from camera_registry.domain.alarm import Signal
from camera_registry.onvif.readings import name_of
from camera_registry.onvif.topics import topic_named
from camera_registry.onvif.xml_tree import Node

MOST_MESSAGES = 200
_TRUE = frozenset({"true", "1", "on", "active"})
_FALSE = frozenset({"false", "0", "off", "inactive"})


def signals_in(answer: Node, at: datetime) -> list[Signal]:
    """Return the signals of a PullMessages answer that came at ``at`` (our clock), in the device's order."""
    signals = [_signal(message, at) for message in answer.all("NotificationMessage")[:MOST_MESSAGES]]
    return [signal for signal in signals if signal is not None]


def device_time(text: str | None) -> datetime | None:
    """Return an xsd:dateTime as UTC; without a zone it is taken for UTC, as ONVIF says. None for anything else."""
    try:
        told = datetime.fromisoformat((text or "").strip())
        return (told if told.tzinfo else told.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _signal(message: Node, at: datetime) -> Signal | None:
    topic = topic_named(message.value("Topic") or "")
    told = message.find("Message", "Message") or message.find("Message")
    if topic is None or told is None:
        return None
    operation = told.attributes.get("PropertyOperation", "").strip().lower()
    state = _state(told, topic.state)
    if topic.state is not None and state is None and operation != "deleted":
        return None  # it lasts, but does not say whether it begins or ends
    return Signal(
        kind=topic.kind,
        at=at,
        device_at=device_time(told.attributes.get("UtcTime")),
        active=operation != "deleted" and state is not False,
        lasting=topic.state is not None,
        initial=operation == "initialized",
        detail=_detail(told),
    )


def _state(told: Node, wanted: str | None) -> bool | None:
    """Return the boolean item that tells the state; where its name is another, the only boolean item there is."""
    found = told.find("Data")
    items = {
        item.attributes.get("Name", ""): item.attributes.get("Value", "").strip().lower()
        for item in (found.all("SimpleItem") if found else ())
    }
    if wanted is None:
        return None
    booleans = {name: value in _TRUE for name, value in items.items() if value in _TRUE | _FALSE}
    if wanted in booleans:
        return booleans[wanted]
    return next(iter(booleans.values())) if len(booleans) == 1 else None


def _detail(told: Node) -> str:
    """Return the rule or input that the device names, for a person: never an address."""
    source = told.find("Source")
    for item in source.all("SimpleItem") if source else ():
        if item.attributes.get("Name") in {"Rule", "InputToken"}:
            named = name_of(item.attributes.get("Value"))
            what = "règle" if item.attributes["Name"] == "Rule" else "entrée"
            return f"Signalé par la caméra ({what} {named})." if named else "Signalé par la caméra."
    return "Signalé par la caméra."
