"""Call every route of a running service with what nobody expects, as several callers, and judge each answer.

Schemathesis reads the service's own OpenAPI document, makes requests that fit it and requests that do not, and judges
status, media type, headers and body of the answers. On top come hostile values, identifiers that do exist, and files
that begin well. The same seed gives the same requests.
"""

import copy
import json
import os
import random
import urllib.parse
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.core.errors import InvalidSchema
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Err, Result
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from common.problems import MEDIA_TYPE
from common.testing.hostile_values import (
    HALF_VALID_FILES,
    HOSTILE,
    RAW_BODIES,
    RAW_SEGMENTS,
    named_places,
    places,
)

CHECKS = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
CONFIG = {"generation": {"allow-x00": True, "with-security-parameters": False}}
SECONDS = 30
"""No answer within this is a fault: a server that hangs is as useless as one that breaks."""
_MESSAGE = 600
_SLOW_IS_FINE = (
    HealthCheck.too_slow,
    HealthCheck.filter_too_much,
    HealthCheck.data_too_large,
    HealthCheck.large_base_example,
)
_MOSTLY = 0.75
_ORDER = ("POST", "PUT", "GET", "PATCH", "DELETE")
"""What creates comes first, so that the others find something; what takes away comes last."""


@dataclass(frozen=True, slots=True)
class Someone:
    """Who calls: a name for messages, the headers that speak for them, and texts no success may show them."""

    name: str
    headers: Mapping[str, str]
    never_sees: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Attack:
    """What is called and how hard.

    ``known``: real values by the name of a parameter or member. ``bodies``: a body by operation id that the service
    would take, so that hostile values reach past the first check. ``secrets``: texts that no answer may hold, but those
    of the operations in ``tells_secrets``. ``without``: operation id → why it is not called. ``examples``: how many
    requests of each kind (fitting, hostile, not fitting) per operation, each sent as every caller; a person who hunts
    faults asks for more, and for others, with ``FUZZ_EXAMPLES`` and ``FUZZ_SEED``.
    """

    base_url: str
    document: dict[str, Any]
    callers: Sequence[Someone]
    known: Mapping[str, Sequence[Any]]
    bodies: Mapping[str, Any] = field(default_factory=dict[str, Any])
    secrets: frozenset[str] = frozenset()
    tells_secrets: frozenset[str] = frozenset()
    without: Mapping[str, str] = field(default_factory=dict[str, str])
    examples: int = field(default_factory=lambda: int(os.environ.get("FUZZ_EXAMPLES", "1")))
    seed: int = field(default_factory=lambda: int(os.environ.get("FUZZ_SEED", "1")))


@dataclass(slots=True)
class Outcome:
    """What came of it: how often each operation answered what status, and the faults found."""

    statuses: dict[str, Counter[int]] = field(default_factory=dict[str, Counter[int]])
    faults: list[str] = field(default_factory=list[str])
    learned: dict[str, deque[Any]] = field(default_factory=dict[str, "deque[Any]"])
    """The latest identifiers and revisions that answers told, by name, for the paths and bodies of later requests."""

    @property
    def calls(self) -> int:
        """How many requests were answered."""
        return sum(counts.total() for counts in self.statuses.values())

    @property
    def succeeded(self) -> frozenset[str]:
        """Operations that did at least once what they are for: a storm of refusals would prove little."""
        return frozenset(name for name, counts in self.statuses.items() if any(200 <= one < 300 for one in counts))  # noqa: PLR2004


def every_route_answers(attack: Attack) -> Outcome:
    """Call every operation of the document but those left out. Blocking: run it in a thread beside the server."""
    schema = schemathesis.openapi.from_dict(attack.document, config=SchemathesisConfig.from_dict(CONFIG))
    operations = sorted(
        (_read(result) for result in schema.get_all_operations()), key=lambda one: _ORDER.index(one.method.upper())
    )
    in_paths = {parameter.name for one in operations for parameter in one.path_parameters}
    outcome = Outcome(learned={name: deque(maxlen=5) for name in in_paths - attack.known.keys() | {"revision"}})
    with requests.Session() as session:
        for operation in operations:
            if operation_id(operation) not in attack.without:
                for mode, hostile in _kinds(operation):
                    _call_often(attack, operation, mode, session, outcome, hostile=hostile)
    return outcome


def _read(result: Result[APIOperation[Any, Any, Any, Any], InvalidSchema]) -> APIOperation[Any, Any, Any, Any]:
    if isinstance(result, Err):
        raise result.err()
    return result.ok()


def operations_of(document: Mapping[str, Any]) -> frozenset[str]:
    """Return the ids of all operations of an OpenAPI document."""
    return frozenset(str(one["operationId"]) for path in document["paths"].values() for one in path.values())


def operation_id(operation: APIOperation[Any, Any, Any, Any]) -> str:
    """Return an operation's id, which is the name of its function."""
    return str(operation.definition.raw["operationId"])


def _kinds(operation: APIOperation[Any, Any, Any, Any]) -> Iterator[tuple[GenerationMode, bool]]:
    raw = operation.definition.raw
    parameters = raw.get("parameters", [])
    yield GenerationMode.POSITIVE, False
    if "requestBody" in raw or parameters:
        yield GenerationMode.POSITIVE, True
    if "requestBody" in raw or any(one["in"] == "query" for one in parameters):  # any path and any header is a text
        yield GenerationMode.NEGATIVE, False


def _call_often(
    attack: Attack,
    operation: APIOperation[Any, Any, Any, Any],
    mode: GenerationMode,
    session: requests.Session,
    outcome: Outcome,
    *,
    hostile: bool,
) -> None:
    chance = random.Random(f"{attack.seed} {operation_id(operation)} {mode} {hostile}")  # noqa: S311 - repeatable on purpose

    @seed(attack.seed)
    @settings(
        max_examples=attack.examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=_SLOW_IS_FINE,
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def call(case: Case[Any]) -> None:
        request = _request(attack, case, chance, outcome, hostile=hostile)
        for someone in attack.callers:
            _send(attack, case, someone, request, session, outcome)

    call()


def _request(
    attack: Attack, case: Case[Any], chance: random.Random, outcome: Outcome, *, hostile: bool
) -> dict[str, Any]:
    """Return the keywords of one ``requests`` call made of a generated case."""
    # the case itself stays as generated: schemathesis judges again what is changed in it, and knows no surrogates
    path: dict[str, Any] = copy.deepcopy(case.path_parameters or {})
    query: dict[str, Any] = copy.deepcopy(case.query or {})
    accepted = attack.bodies.get(operation_id(case.operation))
    body: Any = copy.deepcopy(accepted if accepted is not None and chance.random() < _MOSTLY else case.body)
    if chance.random() < _MOSTLY:
        known = {name: list(values) for name, values in outcome.learned.items() if values} | dict(attack.known)
        for holder, name in [place for part in (path, query, body) for place in named_places(part, known)]:
            holder[name] = chance.choice(known[name])
    segment = raw = None
    if hostile:
        aim = chance.choice(["place"] * 6 + ["segment", "raw"])
        spots = [place for part in (path, query, body) for place in places(part)]
        if aim == "segment":
            segment = chance.choice(RAW_SEGMENTS)
        elif aim == "raw" and case.media_type == "application/json":
            raw = chance.choice(RAW_BODIES)
        elif spots:
            holder, key = chance.choice(spots)
            holder[key] = chance.choice(HOSTILE)
    url = attack.base_url + case.path
    for name, value in path.items():
        url = url.replace(f"{{{name}}}", segment or urllib.parse.quote(_sent(value)[0], safe="") or "%20")
    return {
        "method": case.method,
        "url": url,
        "params": [(key, one) for key, value in query.items() for one in _sent(value)],
        **_body(case.media_type, body, raw, chance),
    }


def _body(media_type: str | None, body: Any, raw: bytes | None, chance: random.Random) -> dict[str, Any]:
    if media_type is None:
        return {}
    if media_type == "application/json":
        content = raw if raw is not None else json.dumps(body, default=str)
        return {"data": content, "headers": {"Content-Type": media_type}}
    members: dict[str, Any] = body if isinstance(body, dict) else {"": body}
    if media_type == "multipart/form-data":
        content = chance.choice([*HALF_VALID_FILES, chance.randbytes(200)])
        name = chance.choice(["x.csv", "x.xlsx", "x.ods", "x.json", "été\u202e.pdf", "../x", "x"])
        texts = [(key, (None, _sent(value)[0])) for key, value in members.items() if key != "file"]
        return {"files": [*texts, ("file", (name, content))]}
    return {"data": [(key, one) for key, value in members.items() for one in _sent(value)]}


def _sent(value: Any) -> list[bytes]:
    """Return a parameter's values as the bytes of a URL or a form; surrogates go as they are."""
    several: list[Any] = value if isinstance(value, list) else [value]
    texts = [one if isinstance(one, str | bytes) else json.dumps(one, default=str) for one in several]
    return [one if isinstance(one, bytes) else one.encode("utf-8", "surrogatepass") for one in texts] or [b""]


def _send(
    attack: Attack,
    case: Case[Any],
    someone: Someone,
    request: dict[str, Any],
    session: requests.Session,
    outcome: Outcome,
) -> None:
    name = operation_id(case.operation)
    sent: dict[str, Any] = {**request, "headers": {**request.get("headers", {}), **someone.headers}}
    session.cookies.clear()
    try:
        answer = session.request(**sent, timeout=SECONDS, allow_redirects=False)
    except requests.RequestException as error:
        outcome.faults.append(f"{name} as {someone.name}: no answer: {error!r:.300}; sent {request!r:.{_MESSAGE}}")
        return
    outcome.statuses.setdefault(name, Counter())[answer.status_code] += 1
    if answer.ok and answer.content and answer.headers.get("Content-Type") == "application/json":
        for holder, key in named_places(answer.json(), outcome.learned):
            if isinstance(holder[key], str | int):
                outcome.learned[key].append(holder[key])
    outcome.faults.extend(
        f"{name} as {someone.name}: {fault}; got {answer.status_code} {answer.text:.300}; sent {request!r:.{_MESSAGE}}"
        for fault in _faults(attack, case, someone, answer)
    )


def _faults(attack: Attack, case: Case[Any], someone: Someone, answer: requests.Response) -> Iterator[str]:
    if answer.status_code >= 500:  # noqa: PLR2004
        yield "a fault of ours"
    try:
        case.validate_response(answer, checks=CHECKS)
    except FailureGroup as group:
        for failure in group.exceptions:
            yield f"{failure.title}: {failure.message}"
    declared = str(answer.status_code) in case.operation.definition.raw["responses"]  # as RFC 6749 wants its errors
    if answer.status_code >= 400 and not declared and answer.headers.get("Content-Type") != MEDIA_TYPE:  # noqa: PLR2004
        yield "a refusal that is no problem document"
    shown = answer.text
    if operation_id(case.operation) not in attack.tells_secrets:
        yield from (f"shows the secret {secret[:4]}…" for secret in attack.secrets if secret in shown)
    if answer.ok:
        yield from (f"shows {text}, which is out of their scope" for text in someone.never_sees if text in shown)
