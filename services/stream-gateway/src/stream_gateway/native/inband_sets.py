"""The parameter sets in force: those of the session description, replaced by those that come with the pictures."""

from stream_gateway.domain.access_units import Codec, ParameterSets
from stream_gateway.domain.parameter_sets import (
    MAX_SETS,
    MalformedParameterSets,
    parameter_sets,
    set_name,
)


class InBandSets:
    """Collects parameter sets; a repeat costs one look-up.

    Args:
        codec: of the stream.
        declared: what the session description told. It yields to what comes in band, kind by kind, because many
            cameras describe a setting they no longer use.
    """

    __slots__ = ("_codec", "_declared", "_named", "_repeats", "_told", "changed", "reorders")

    def __init__(self, codec: Codec, declared: ParameterSets | None) -> None:
        self._codec = codec
        self._declared = {
            "vps": declared.vps if declared else (),
            "sps": declared.sps if declared else (),
            "pps": declared.pps if declared else (),
        }
        self._named: dict[tuple[str, int], bytes] = {}
        self._repeats: set[bytes] = set()
        self._told: ParameterSets | None = None
        self.reorders = True
        """The sets told last allow that pictures are shown in another order than sent; True before any was told."""
        self.changed = True
        """Something new came since the last ``take``; True at first."""

    def offer(self, nal: bytes) -> None:
        """Take a set into account; raises MalformedParameterSets when it is none or there are too many."""
        if nal in self._repeats:
            return
        name = set_name(self._codec, nal)
        key = name.kind, name.number
        others = {known: held for known, held in self._named.items() if known != key}
        if len(others) >= MAX_SETS:
            raise MalformedParameterSets("too many parameter sets")
        self._named = {key: nal, **others}  # newest first: the first sequence tells the size
        self._repeats = set(self._named.values())
        self.changed = True

    def take(self) -> ParameterSets | None:
        """The sets in force when they differ from those told before, else None.

        Raises:
            MalformedParameterSets: sets are missing, or cannot be read; the next call tries again.
        """
        kinds = {kind: self._in_force(kind) for kind in ("vps", "sps", "pps")}
        made = parameter_sets(self._codec, kinds["vps"], kinds["sps"], kinds["pps"])
        self.changed = False
        if made == self._told:
            return None
        self._told = made
        self.reorders = made.reorders
        return made

    @property
    def complete(self) -> bool:
        """There is at least one set of each kind that the codec needs."""
        kinds = ("sps", "pps") if self._codec is Codec.H264 else ("vps", "sps", "pps")
        return all(self._in_force(kind) for kind in kinds)

    def _in_force(self, kind: str) -> tuple[bytes, ...]:
        own = tuple(nal for key, nal in self._named.items() if key[0] == kind)
        return own or self._declared[kind]
