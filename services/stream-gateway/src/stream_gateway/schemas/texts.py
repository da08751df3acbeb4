"""Kinds of texts that requests are made of."""

from typing import Annotated

from pydantic import StringConstraints

CameraId = Annotated[str, StringConstraints(min_length=1, max_length=100)]
MotiveCode = Annotated[str, StringConstraints(min_length=1, max_length=50, pattern=r"^[a-z0-9_]+$")]
MotiveText = Annotated[str, StringConstraints(max_length=2000)]
ContextId = Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True)]
"""An incident or a ticket. No réquisition: nothing could check its number, so a browser may not claim one."""
