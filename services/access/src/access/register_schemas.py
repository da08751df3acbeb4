"""What the register's API reads and writes beside its rows: checkpoints, proofs, keys, exports."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from access.domain.tree import TreeHead
from access.notes import NoteKey
from access.repository.register_questions import Question
from access.schemas import RegisterView, Result, Word
from contracts.envelope import Insee


class RegisterKeyView(BaseModel):
    """A public key that verifies the register's signatures; ``verifier`` is what the verifier's ``--cle`` wants."""

    verifier: str
    key_hash: str
    signs: bool

    @classmethod
    def of(cls, key: NoteKey, *, signs: bool) -> "RegisterKeyView":
        """Return the view of a key."""
        return cls(verifier=key.verifier, key_hash=key.key_hash.hex(), signs=signs)


class RegisterKeys(BaseModel):
    """The register's name in its checkpoints, and its keys: the one that signs first, then retired ones."""

    origin: str
    keys: list[RegisterKeyView]


class CheckpointView(BaseModel):
    """A signed checkpoint. ``note`` alone is signed; hashes in hex. ``valid`` False: no key of ours signed it."""

    size: int
    root_hash: str
    head_hash: str
    signed_at: datetime
    note: str
    valid: bool

    @classmethod
    def of(cls, head: TreeHead, note: str) -> "CheckpointView":
        """Return the view of a checkpoint that verified."""
        return cls(
            size=head.size,
            root_hash=head.root.hex(),
            head_hash=head.chain_hash.hex(),
            signed_at=head.at,
            note=note,
            valid=True,
        )


class CheckpointList(BaseModel):
    """Checkpoints, newest first."""

    items: list[CheckpointView]


class ProofView(BaseModel):
    """That a row is in the register of ``size`` rows: ``row`` (the exact text) leads by ``path`` to the signed root."""

    seq: int
    size: int
    leaf_hash: str
    path: list[str]
    row: str
    prev_hash: str
    hash: str
    checkpoint: str
    keys: list[str]


class ConsistencyView(BaseModel):
    """That the register of ``to_size`` rows begins with the one of ``from_size``."""

    from_size: int
    to_size: int
    path: list[str]
    from_checkpoint: str
    to_checkpoint: str
    keys: list[str]


class RegisterDetail(RegisterView):
    """A row, and the hash of the one before it."""

    prev_hash: str
    seal: str | None = None


class RegisterFilters(BaseModel):
    """The four questions; what is left out asks nothing. ``why``: beginnings of words of motive and context."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    camera_id: Word | None = None
    agent_id: Word | None = None
    action: Word | None = None
    result: Result | None = None
    from_at: Annotated[AwareDatetime | None, Field(alias="from")] = None
    until_at: Annotated[AwareDatetime | None, Field(alias="to")] = None
    insee: Insee | None = None
    organisation: Word | None = None
    motive: Word | None = None
    why: Word | None = None

    def question(self, communes: frozenset[str] | None) -> Question:
        """Return what is asked of the register, bounded by what the caller may see."""
        return Question(
            camera_id=self.camera_id,
            actor_id=self.agent_id,
            action=self.action,
            result=self.result,
            from_at=self.from_at,
            until_at=self.until_at,
            communes=communes,
            insee=self.insee,
            organisation=self.organisation,
            motive_code=self.motive,
            why=self.why,
        )

    @property
    def asked(self) -> dict[str, str]:
        """The filters that ask something, as text."""
        given = self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"cursor", "limit"})
        return {name: str(value) for name, value in given.items()}


class RegisterQuery(RegisterFilters):
    """A page of the register: rows before ``cursor``, at most ``limit``."""

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)

    cursor: Annotated[int | None, Field(ge=1, lt=1 << 62)] = None
    limit: Annotated[int, Field(ge=1, le=500)] = 100


class ExportBody(BaseModel):
    """An export: which rows, in which form, and why (it is a row of the register itself)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    filters: RegisterFilters = RegisterFilters()
    format: Literal["csv", "json"] = "csv"
    motive: Annotated[str, StringConstraints(strip_whitespace=True, min_length=10, max_length=500)]
