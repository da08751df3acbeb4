"""The life-cycle of an incident as a table: which status may follow which (DOMAIN §5)."""

from collections.abc import Mapping

from contracts.incident import IncidentStatus as S

ALLOWED_AFTER: Mapping[S, frozenset[S]] = {
    S.NOUVEAU: frozenset({S.LEVEE_DE_DOUTE}),
    S.LEVEE_DE_DOUTE: frozenset({S.INFONDE, S.QUALIFIE}),
    S.INFONDE: frozenset({S.CLOS}),
    S.QUALIFIE: frozenset({S.TRANSMIS}),
    S.TRANSMIS: frozenset({S.PRIS_EN_CHARGE}),
    S.PRIS_EN_CHARGE: frozenset({S.SUR_PLACE}),
    S.SUR_PLACE: frozenset({S.CLOS}),
    S.CLOS: frozenset({S.ROUVERT}),
    S.ROUVERT: frozenset({S.LEVEE_DE_DOUTE, S.QUALIFIE}),
}
"""What a person may do by hand, one step at a time."""

STEPS_OF_TRANSMISSION: Mapping[S, tuple[S, ...]] = {
    S.NOUVEAU: (S.LEVEE_DE_DOUTE, S.QUALIFIE, S.TRANSMIS),
    S.LEVEE_DE_DOUTE: (S.QUALIFIE, S.TRANSMIS),
    S.QUALIFIE: (S.TRANSMIS,),
    S.ROUVERT: (S.QUALIFIE, S.TRANSMIS),
    S.TRANSMIS: (),
    S.PRIS_EN_CHARGE: (),
    S.SUR_PLACE: (),
}
"""Warning partners qualifies an incident by itself: a P1 is sent at once, and the steps it implies are written
in the timeline. A status that is absent (INFONDE, CLOS) cannot be sent; an empty tuple sends without a step."""

OPEN_STATUSES: frozenset[S] = frozenset(S) - {S.CLOS}
