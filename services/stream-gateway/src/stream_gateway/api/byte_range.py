"""The one form of HTTP range that video players send (RFC 9110 §14): a single range of bytes."""

import re

_SINGLE = re.compile(r"^bytes=(\d{0,15})-(\d{0,15})$")


class RangeNotSatisfiable(ValueError):
    """The range lies outside the file."""


def requested_range(header: str | None, size: int) -> tuple[int, int]:
    """Return (start, length) of what is asked of a file of ``size`` bytes; the whole file without a header.

    Raises:
        RangeNotSatisfiable: the range is empty, beyond the end, or of a form that we do not serve.
    """
    if header is None:
        return 0, size
    match = _SINGLE.match(header.strip())
    if match is None or not (match[1] or match[2]):
        raise RangeNotSatisfiable(header)
    if match[1]:
        start = int(match[1])
        end = min(int(match[2]) + 1, size) if match[2] else size
    else:
        start, end = max(size - int(match[2]), 0), size
    if start >= end:
        raise RangeNotSatisfiable(header)
    return start, end - start
