"""Values that break programs in practice, and where in a request they may stand."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

DEEP: Any = json.loads("[" * 400 + "]" * 400)
HOSTILE: tuple[Any, ...] = (
    "",
    "a\x00b",
    "\ud800",
    "\u202e😀\r\nSet-Cookie: a=b",
    "x" * 20_000,
    "9" * 5_000,
    "'; DROP TABLE cameras; --",
    "../../../etc/passwd",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "0001-01-01",
    "9999-12-31",
    "2026-02-30T25:61:00Z",
    "2026-11-22T10:00:00",
    "nan",
    "inf",
    "1e999",
    "-1",
    0,
    -1,
    2**31,
    2**63,
    10**40,
    1e308,
    -1e308,
    float("nan"),
    float("inf"),
    True,
    None,
    [],
    [[]],
    [None],
    {},
    {"": None},
    DEEP,
    [0] * 2_000,
)
"""Put in the place of a good value, in a body, a path or a query."""

RAW_SEGMENTS = ("%ED%A0%80", "%FF", "%00", "..%2F..", "%2E%2E", "%F0%9F%98%80", "a" * 3_000, "%0D%0A", "-1", "9" * 40)
"""Segments of a path as sent, which no JSON value gives."""

RAW_BODIES = (
    b"",
    b"{",
    b"null",
    b"\xff\xfe",
    b'"\\ud800"',
    b"[" * 5_000,
    b'{"a":' * 3_000,
    b"NaN",
    b'{"a":1,"a":2}',
    b'{"a": 1' + b"0" * 5_000 + b"}",
    b"\x00",
)
"""Bodies sent as JSON, most of them none."""

HALF_VALID_FILES = (
    b"",
    b"\x00" * 64,
    bytes(range(256)),
    b"\xef\xbb\xbf",
    b"%PDF-1.7\n%%EOF",
    b"PK\x03\x04" + b"\x00" * 60,
    b"PK\x05\x06" + b"\x00" * 18,
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 512,
    b'{"type":"FeatureCollection","features":[{"type":"Feature","geometry":null,"properties":null},1,null]}',
    b'{"type":"FeatureCollection","features":[{"geometry":{"type":"Point","coordinates":[1e400,"x"]},"properties":[]}]}',
    b'[{"id":1,"lat":NaN,"lon":1e999,"nom":"\\ud800\\u0000"}]',
    b"[" * 5_000,
    b'a;b;c\n1;2\n"unclosed;3\n',
    b"id;nom;lat;lon;commune\nc1;Mairie;48,98;2,32;95598\nc1;\x00;999;-999;99999\n;;;;\n",
    "id;nom;lat;lon\nc2;Été;48.98;2.32\n".encode("cp1252"),
    "id,nom,lat,lon\nc3,Été,48.98,2.32\n".encode("utf-16"),
    b"agent_id;name;role\nop.x;X;empereur\n\x00;;\n",
)
"""Uploads that begin well."""


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every (holder, key) within a JSON-like value, outermost first, whose value can be replaced in place."""
    if isinstance(value, dict):
        for key in list(value):
            yield value, key
            yield from places(value[key])
    elif isinstance(value, list):
        for index in range(min(len(value), 20)):
            yield value, index
            yield from places(value[index])


def named_places(value: Any, names: Mapping[str, Sequence[Any]]) -> Iterator[tuple[Any, str]]:
    """Yield the places whose name stands in ``names``."""
    for holder, key in places(value):
        if isinstance(key, str) and key in names:
            yield holder, key
