"""What can be wrong with a camera, in words for those who look at it and mend it."""

from collections.abc import Mapping

from contracts.registry import AlarmKind

TITLES: Mapping[AlarmKind, str] = {
    AlarmKind.CAMERA_HS: "Caméra hors service",
    AlarmKind.IMAGE_NOIRE: "Image noire",
    AlarmKind.IMAGE_FIGEE: "Image figée",
    AlarmKind.IMAGE_FLOUE: "Image floue",
    AlarmKind.CAMERA_DEPLACEE: "Caméra déplacée",
    AlarmKind.HORLOGE: "Horloge fausse",
    AlarmKind.QUALITE: "Qualité insuffisante",
}

WHAT_TO_DO: Mapping[AlarmKind, str] = {
    AlarmKind.CAMERA_HS: "Vérifiez l'alimentation et la liaison du point d'implantation, puis le commutateur.",
    AlarmKind.IMAGE_NOIRE: "Vérifiez que l'objectif n'est ni couvert ni peint, puis l'infrarouge et l'alimentation.",
    AlarmKind.IMAGE_FIGEE: "Redémarrez la caméra ; si l'image reste figée, remplacez-la.",
    AlarmKind.IMAGE_FLOUE: "Relancez la mise au point, puis nettoyez la vitre ou le dôme.",
    AlarmKind.CAMERA_DEPLACEE: (
        "Comparez la vue à celle de l'arrêté et revoyez les masques ; si la nouvelle vue est voulue, adoptez-la."
    ),
    AlarmKind.HORLOGE: "Réglez le serveur de temps (NTP) de la caméra.",
    AlarmKind.QUALITE: "Relevez la définition ou la cadence du flux enregistré dans la caméra.",
}

ORDER: tuple[AlarmKind, ...] = tuple(TITLES)
"""The gravest first."""
