"""Requests and responses about documents and renewal files."""

from datetime import date
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from camera_registry.domain.authorisation import Authorisation
from camera_registry.domain.renewal import NEXT, Piece, Renewal, RenewalState, due_at, overdue
from camera_registry.domain.scan import Document, DocumentKind
from camera_registry.schemas.authorisations import Identifier

_PIECES = 100
Label = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
Note = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[^\x00]*$")]


class DocumentOut(BaseModel):
    """A kept document; ``size`` in bytes, ``sha256`` hex, computed by us."""

    model_config = ConfigDict(from_attributes=True)

    document_id: str
    authorisation_id: str
    kind: DocumentKind
    filename: str
    size: int
    sha256: str
    uploaded_at: AwareDatetime
    uploaded_by: str


class DocumentList(BaseModel):
    """The documents of an arrêté, the newest first."""

    items: list[DocumentOut]
    next_cursor: str | None = None

    @classmethod
    def of(cls, documents: list[Document]) -> "DocumentList":
        return cls(items=[DocumentOut.model_validate(one) for one in documents])


class PieceBody(BaseModel):
    """One piece of a renewal file."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    label: Label
    ready: bool = False
    document_id: Identifier | None = None

    def to_domain(self) -> Piece:
        return Piece(self.label, self.ready, self.document_id)


class StepIn(BaseModel):
    """The state the file enters (the one it is in: a note only), on which day, and the new arrêté of a granted one."""

    model_config = ConfigDict(extra="forbid")

    revision: int = Field(ge=0)
    state: RenewalState
    on: date
    note: Note = ""
    successor_id: Identifier | None = None


class PiecesIn(BaseModel):
    """The whole list of pieces, and the préfecture's receipt number."""

    model_config = ConfigDict(extra="forbid")

    revision: int = Field(ge=0)
    pieces: list[PieceBody] = Field(max_length=_PIECES)
    receipt: Annotated[str, StringConstraints(max_length=100, pattern=r"^[^\x00]*$")] = ""


class StepOut(BaseModel):
    """One line of the file's history."""

    model_config = ConfigDict(from_attributes=True)

    state: RenewalState
    on: date
    at: AwareDatetime
    by: str
    note: str


class RenewalOut(BaseModel):
    """The renewal file of an arrêté; ``next`` are the states it may enter."""

    authorisation_id: str
    state: RenewalState
    next: list[RenewalState]
    due_at: AwareDatetime
    overdue: bool
    pieces: list[PieceBody]
    steps: list[StepOut]
    receipt: str
    successor_id: str | None
    revision: int

    @classmethod
    def of(cls, one: Authorisation, renewal: Renewal, at: AwareDatetime) -> "RenewalOut":
        return cls(
            authorisation_id=one.authorisation_id,
            state=renewal.state,
            next=[state for state in RenewalState if state in NEXT[renewal.state]],
            due_at=due_at(one),
            overdue=overdue(one, renewal, at),
            pieces=[PieceBody.model_validate(piece) for piece in renewal.pieces],
            steps=[StepOut.model_validate(step) for step in renewal.steps],
            receipt=renewal.receipt,
            successor_id=renewal.successor_id,
            revision=renewal.revision,
        )
