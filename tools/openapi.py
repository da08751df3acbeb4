"""Write docs/openapi/<service>.json from the routes, or with ``--check`` fail when one differs from them."""

import importlib
import json
import sys
from pathlib import Path

from guard.assembly import build_app

TARGET = Path(__file__).parent.parent / "docs" / "openapi"
SERVICES = ("access", "camera_registry", "dispatch", "incident", "retention", "stream_gateway")


def snapshot(package: str) -> str:
    """Return a service's OpenAPI document as stable JSON text."""
    api = importlib.import_module(f"{package}.api")
    routers = getattr(api, "ROUTERS", None) or (api.router,)
    service = package.replace("_", "-")
    app = build_app(service, f"Vigie: {service}", routers, public_origin="")
    return json.dumps(app.openapi(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def main(arguments: list[str]) -> int:
    """Write or check; returns the exit status."""
    differing: list[str] = []
    TARGET.mkdir(parents=True, exist_ok=True)
    for package in SERVICES:
        target = TARGET / f"{package.replace('_', '-')}.json"
        wanted = snapshot(package)
        if "--check" not in arguments:
            target.write_text(wanted)
        elif not target.exists() or target.read_text() != wanted:
            differing.append(target.name)
    if differing:
        sys.stderr.write(f"{', '.join(differing)}: differs from the routes: run `make generate`\n")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
