"""Requests and responses about masks. Corners are fractions of the picture, ``[x, y]`` from its top left."""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from camera_registry.domain.head_optics import HeadOptics
from camera_registry.domain.masks import Bearer, MaskPolygon, MaskSet, MaskSetStatus, MaskStanding, Still

_TEXT = r"^[^\x00]*$"
Fraction = Annotated[float, Field(allow_inf_nan=False)]


class PolygonBody(BaseModel):
    """One hidden area; ``label`` says what it hides (fenêtre, jardin, entrée d'immeuble)."""

    model_config = ConfigDict(extra="forbid")

    corners: list[tuple[Fraction, Fraction]] = Field(max_length=200)
    label: str = Field(default="", max_length=100, pattern=_TEXT)

    def to_domain(self) -> MaskPolygon:
        """Return the area; raises domain.MaskInvalid."""
        return MaskPolygon(tuple(self.corners), self.label.strip())


class MaskSetIn(BaseModel):
    """A draft. Without polygons, ``declaration`` says that no private area is in view."""

    model_config = ConfigDict(extra="forbid")

    preset: str | None = Field(default=None, max_length=100, pattern=_TEXT)
    polygons: list[PolygonBody] = Field(default_factory=list[PolygonBody], max_length=200)
    declaration: str = Field(default="", max_length=500, pattern=_TEXT)
    still_id: str | None = Field(default=None, max_length=100, pattern=_TEXT)


class DeclarationIn(BaseModel):
    """A signed statement that no private area is in view of these cameras."""

    model_config = ConfigDict(extra="forbid")

    camera_ids: list[Annotated[str, Field(max_length=100, pattern=_TEXT)]] = Field(min_length=1, max_length=100)
    declaration: str = Field(max_length=500, pattern=_TEXT)


class StillIn(BaseModel):
    """For which maintenance ticket a picture is taken: a technicien needs one."""

    model_config = ConfigDict(extra="forbid")

    ticket_id: str | None = Field(default=None, max_length=100, pattern=_TEXT)


class ReasonIn(BaseModel):
    """Why masks are void."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=10, max_length=500, pattern=_TEXT)


class MaskSetOut(BaseModel):
    """A set of masks. ``borne_by`` is who burns it in; ``in_force``: nothing private can be seen through it."""

    mask_set_id: str
    camera_id: str
    preset: str | None
    polygons: list[PolygonBody]
    declaration: str
    still_id: str | None
    drawn_by: str
    drawn_at: AwareDatetime
    status: MaskSetStatus
    signed_by: str | None
    signed_at: AwareDatetime | None
    review_due: AwareDatetime | None
    review_overdue: bool
    borne_by: Bearer | None
    bearing_problem: str
    in_force: bool
    ended_at: AwareDatetime | None
    end_reason: str

    @classmethod
    def of(cls, one: MaskSet, at: AwareDatetime) -> "MaskSetOut":
        return cls(
            mask_set_id=one.mask_set_id,
            camera_id=one.camera_id,
            preset=one.preset,
            polygons=[PolygonBody(corners=list(area.corners), label=area.label) for area in one.polygons],
            declaration=one.declaration,
            still_id=one.still_id,
            drawn_by=one.drawn_by,
            drawn_at=one.drawn_at,
            status=one.status,
            signed_by=one.signed_by,
            signed_at=one.signed_at,
            review_due=one.review_due,
            review_overdue=one.status is MaskSetStatus.SIGNE and one.review_due is not None and one.review_due <= at,
            borne_by=one.borne_by,
            bearing_problem=one.bearing_problem,
            in_force=one.in_force,
            ended_at=one.ended_at,
            end_reason=one.end_reason,
        )


class HeadIn(BaseModel):
    """Measures of a camera that turns, see ``domain.head_optics.HeadOptics``; angles in degrees."""

    model_config = ConfigDict(extra="forbid")

    pan_degrees: Fraction
    tilt_degrees: Fraction
    aspect: Fraction
    openings: list[tuple[Fraction, Fraction]] = Field(min_length=1, max_length=200)
    level_tilt: Fraction = 0.0

    def to_domain(self) -> HeadOptics:
        """Return the measures; raises domain.HeadOpticsInvalid."""
        return HeadOptics(self.pan_degrees, self.tilt_degrees, self.aspect, tuple(self.openings), self.level_tilt)


class ReviewOut(BaseModel):
    """A signed set that must be looked at again; not what it hides."""

    model_config = ConfigDict(from_attributes=True)

    mask_set_id: str
    camera_id: str
    preset: str | None
    review_due: AwareDatetime


class ReviewList(BaseModel):
    """Sets to look at again, the most urgent first."""

    items: list[ReviewOut]
    next_cursor: str | None = None


class MaskSetList(BaseModel):
    """Sets of masks."""

    items: list[MaskSetOut]
    next_cursor: str | None = None


class CameraMasks(BaseModel):
    """Every set of a camera, the newest first; ``signed``: the camera may be watched as far as masks go."""

    signed: bool
    review_due: AwareDatetime | None
    items: list[MaskSetOut]

    @classmethod
    def of(cls, stands: MaskStanding, sets: list[MaskSet], at: AwareDatetime) -> "CameraMasks":
        return cls(signed=stands.signed, review_due=stands.review_due, items=[MaskSetOut.of(one, at) for one in sets])


class StillOut(BaseModel):
    """A dated picture to draw on; ``path`` gives the JPEG."""

    still_id: str
    camera_id: str
    taken_at: AwareDatetime
    width: int
    height: int
    sha256: str
    path: str

    @classmethod
    def of(cls, still: Still) -> "StillOut":
        return cls(
            still_id=still.still_id,
            camera_id=still.camera_id,
            taken_at=still.taken_at,
            width=still.width,
            height=still.height,
            sha256=still.sha256,
            path=f"/api/registry/masks/stills/{still.still_id}",
        )


class UnsignedCameraOut(BaseModel):
    """A camera that may not be watched because of its masks."""

    model_config = ConfigDict(from_attributes=True)

    camera_id: str
    label: str
    insee: str
    bearing_problem: str | None


class UnsignedCameraList(BaseModel):
    """Cameras that masks keep dark, by id; ``next_cursor`` asks for the following page."""

    items: list[UnsignedCameraOut]
    next_cursor: str | None = None
