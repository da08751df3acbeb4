"""What a person may change of a registered camera, and what a change brings about."""

from collections.abc import Mapping
from dataclasses import dataclass

from camera_registry.domain.camera import Camera, CameraInvalid, Endpoints
from camera_registry.domain.camera_status import check_step
from camera_registry.domain.commune import Commune, Site
from camera_registry.domain.position import Position, PositionPrecision
from contracts.registry import CameraKind

BORDER_TOLERANCE_M = 300
"""Contours are generalised: a camera this far outside its commune is still taken as in it."""


@dataclass(frozen=True, slots=True)
class Consequences:
    """What follows from a change. ``reasons``: why its masks are void from now on (French); empty: they stay."""

    reasons: tuple[str, ...]

    @property
    def voids_masks(self) -> bool:
        """Whether nobody may watch until masks are signed again."""
        return bool(self.reasons)


def check_edit(before: Camera, after: Camera, commune: Commune, site: Site | None) -> None:
    """Raise CameraInvalid unless ``before`` may become ``after``; ``site`` is the one that ``after`` names."""
    check_step(before.status, after.status)
    check_kind(before, after)
    if after.position != before.position:
        if before.kind is CameraKind.NOMADE and before.counted:
            raise CameraInvalid(
                "position",
                "Une caméra nomade se déplace par un emplacement (arrêté, information du préfet) : "
                "ouvrez l'onglet « Emplacements ».",
            )
        check_place(after.position, after.precision, commune)
    if after.site_id != before.site_id:
        check_site(after, site)


def check_kind(before: Camera, after: Camera) -> None:
    """Raise CameraInvalid where an installed camera would become nomad, or cease to be: its place is another act.

    A nomad camera moves by placements that the préfet is told of (L.252-2 CSI); calling it fixed would get round it.
    """
    if before.counted and after.kind is not before.kind and CameraKind.NOMADE in {before.kind, after.kind}:
        raise CameraInvalid(
            "kind",
            "Une caméra installée ne devient ni nomade ni fixe par une modification : déposez-la, puis "
            "enregistrez-la sous un autre code avec son nouveau type.",
        )


def check_place(position: Position, precision: PositionPrecision, commune: Commune) -> None:
    """Raise CameraInvalid unless the place lies in the commune, within the contour's tolerance."""
    if precision.located and not commune.contour.within_reach(position, BORDER_TOLERANCE_M):
        raise CameraInvalid(
            "position",
            f"Ce point est hors de {commune.name} : corrigez-le, ou déposez la caméra et enregistrez-la dans sa "
            "nouvelle commune.",
        )


def check_site(camera: Camera, site: Site | None) -> None:
    """Raise CameraInvalid unless the camera's site is known and in its commune."""
    if site is None or site.insee != camera.insee:
        raise CameraInvalid("site_id", "Ce point d'implantation n'existe pas dans la commune de la caméra : créez-le.")


def consequences(before: Camera, after: Camera) -> Consequences:
    """Return what follows. What nobody knew before is learnt, not changed: the masks stay.

    Masks are signed for what one device shows from one place: another device, or another address, may show anything.
    The first address of a camera whose masks were never signed voids nothing.
    """
    reasons: list[str] = []
    if after.position != before.position:
        reasons.append("caméra déplacée")
    was = before.optics.azimuth_deg if before.optics else None
    if was is not None and was != (after.optics.azimuth_deg if after.optics else None):
        reasons.append("caméra réorientée")
    for name, reason in _IDENTITY.items():
        known = getattr(before.equipment, name)
        if known is not None and getattr(after.equipment, name) != known:
            reasons.append(reason)
    if after.kind is not before.kind:
        reasons.append("type changé")
    if after.has_ptz != before.has_ptz:
        reasons.append("pilotage changé")
    first = before.endpoints == Endpoints() and not before.masks.signed
    if after.endpoints != before.endpoints and not first:
        reasons.append("adresse changée")
    return Consequences(tuple(reasons))


_IDENTITY: Mapping[str, str] = {
    "firmware": "micrologiciel changé",
    "model": "modèle changé",
    "serial": "numéro de série changé",
}

_FRENCH: Mapping[str, str] = {
    "label": "libellé",
    "code": "code",
    "kind": "type",
    "status": "état",
    "position": "position",
    "precision": "précision",
    "site_id": "point d'implantation",
    "has_ptz": "orientable",
    "optics": "optique",
    "equipment": "matériel",
    "endpoints": "adresses",
    "credentials": "identifiants",
    "notes": "notes",
    "installed_on": "date de pose",
}


def changed_fields(before: Camera, after: Camera) -> tuple[str, ...]:
    """Return the French names of what differs, for the register: names only, never a value."""
    return tuple(french for name, french in _FRENCH.items() if getattr(before, name) != getattr(after, name))
