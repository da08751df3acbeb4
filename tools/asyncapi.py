"""Write docs/asyncapi.yaml from the contracts, or with ``--check`` fail when it differs from them.

AsyncAPI 3.0, https://www.asyncapi.com/docs/reference/specification/v3.0.0. The document is JSON, which is YAML too.
"""

import json
import sys
from pathlib import Path
from typing import Any

from contracts.catalogue import FACTS, Fact
from contracts.envelope import Envelope
from contracts.streams import STREAM_OF_OWNER

TARGET = Path(__file__).parent.parent / "docs" / "asyncapi.yaml"


def document() -> dict[str, Any]:
    """Return the AsyncAPI document of every fact in the catalogue."""
    schemas: dict[str, Any] = {}
    for model in (Envelope, *(fact.payload for fact in FACTS)):
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= schema.pop("$defs", {})
        schemas[model.__name__] = schema
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Vigie: facts on the bus",
            "version": "1",
            "description": "CloudEvents 1.0, structured JSON mode, on NATS JetStream; W3C trace context in headers.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": {f"{fact.owner}.{fact.name}": _channel(fact) for fact in FACTS},
        "operations": {
            f"publish.{fact.owner}.{fact.name}": {
                "action": "send",
                "channel": {"$ref": f"#/channels/{fact.owner}.{fact.name}"},
            }
            for fact in FACTS
        },
        "components": {
            "messages": {f"{fact.owner}.{fact.name}": _message(fact) for fact in FACTS},
            "schemas": dict(sorted(schemas.items())),
        },
    }


def _channel(fact: Fact) -> dict[str, Any]:
    return {
        "address": fact.subject,
        "description": f"Stream {STREAM_OF_OWNER[fact.owner]}",
        "parameters": {"insee": {"description": "INSEE code of the commune; 00000 for the centre itself"}},
        "messages": {fact.name: {"$ref": f"#/components/messages/{fact.owner}.{fact.name}"}},
    }


def _message(fact: Fact) -> dict[str, Any]:
    return {
        "name": fact.type,
        "summary": (fact.payload.__doc__ or "").strip().splitlines()[0],
        "payload": {
            "allOf": [
                {"$ref": "#/components/schemas/Envelope"},
                {
                    "type": "object",
                    "properties": {
                        "type": {"const": fact.type},
                        "data": {"$ref": f"#/components/schemas/{fact.payload.__name__}"},
                    },
                },
            ]
        },
    }


def main(arguments: list[str]) -> int:
    """Write or check; returns the exit status."""
    wanted = json.dumps(document(), indent=2, ensure_ascii=False) + "\n"
    if "--check" in arguments:
        if not TARGET.exists() or TARGET.read_text() != wanted:
            sys.stderr.write(f"{TARGET.name} differs from the contracts: run `make generate`\n")
            return 1
        return 0
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
