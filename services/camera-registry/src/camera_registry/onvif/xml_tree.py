"""XML from strangers, read into plain nodes by local name.

Prefixes are dropped and not looked up: devices forget to declare them, and what an element is called is enough to
find it. A document type is refused before anything of it is read, so there is no entity to expand and nothing to
fetch; size, depth and number of nodes are bounded.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

MAX_BYTES = 1_048_576
MAX_DEPTH = 64
MAX_NODES = 20_000


class XmlRefused(ValueError):
    """Not XML, or XML that no honest device sends; says which of the two."""


@dataclass(slots=True)
class Node:
    """An element: its name and its attributes' names without prefixes, its own text, its children in order.

    ``namespace`` is what its prefix stands for, empty where nobody declared it: only for sending it back.
    """

    name: str
    attributes: dict[str, str]
    text: str = ""
    namespace: str = ""
    children: list["Node"] = field(default_factory=list["Node"])

    def walk(self) -> Iterator["Node"]:
        """Yield this node and everything below it, in the order of the document."""
        waiting: list[Node] = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(node.children))

    def find(self, *path: str) -> "Node | None":
        """Return the first node down a path of names, each at any depth below the one before."""
        node: Node | None = self
        for name in path:
            node = next((found for found in node.walk() if found is not node and found.name == name), None)
            if node is None:
                return None
        return node

    def all(self, name: str) -> list["Node"]:
        """Return every node of that name below this one."""
        return [found for found in self.walk() if found is not self and found.name == name]

    def value(self, *path: str) -> str | None:
        """Return the text at a path, without blanks around it; None when absent or empty."""
        found = self.find(*path)
        return (found.text.strip() or None) if found is not None else None

    def number(self, *path: str) -> float | None:
        """Return the finite number at a path, or None."""
        return as_number(self.value(*path))


def as_number(text: str | None) -> float | None:
    """Return a finite number, or None where a text is none."""
    try:
        number = float(text) if text else None
    except ValueError:
        return None
    return number if number is not None and abs(number) < float("inf") else None


def read_xml(document: bytes) -> Node:
    """Read a document.

    Raises:
        XmlRefused: not well-formed, with a document type, or past a bound.
    """
    if len(document) > MAX_BYTES:
        raise XmlRefused("larger than 1 MiB")
    builder = _Builder()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = builder.refuse_doctype
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.characters
    try:
        parser.Parse(document.strip(b"\x00 \t\r\n"), True)
    except (expat.ExpatError, ValueError, LookupError) as error:  # LookupError: an encoding nobody knows
        raise XmlRefused(str(error)) from error
    if builder.root is None:
        raise XmlRefused("empty")
    return builder.root


class _Builder:
    """Makes nodes of expat's calls."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self._open: list[Node] = []
        self._scopes: list[dict[str, str]] = [{}]
        self._count = 0

    def refuse_doctype(self, *_: object) -> None:
        raise XmlRefused("a document type")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > MAX_NODES or len(self._open) >= MAX_DEPTH:
            raise XmlRefused("too many or too deep elements")
        declared = {key.partition(":")[2]: value for key, value in attributes.items() if key.startswith("xmlns")}
        self._scopes.append({**self._scopes[-1], **declared} if declared else self._scopes[-1])
        prefix = name.rpartition(":")[0]
        node = Node(
            _local(name),
            {_local(key): value for key, value in attributes.items()},
            namespace=self._scopes[-1].get(prefix, ""),
        )
        if self._open:
            self._open[-1].children.append(node)
        else:
            self.root = node
        self._open.append(node)

    def end(self, _name: str) -> None:
        self._open.pop()
        self._scopes.pop()

    def characters(self, text: str) -> None:
        if self._open:
            self._open[-1].text += text


def _local(name: str) -> str:
    return name.rpartition(":")[2]
