"""Whose pictures leave with a watermark burnt in: outside recipients', where the arrêté asks for it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from policy import Agent, Authorisation, Camera, burns_watermark, is_outside

AT = datetime(2026, 7, 14, 22, 0, tzinfo=UTC)
YEAR = timedelta(days=365)
SILENT = Authorisation("A-1", "2026-07-001", AT - YEAR, AT + YEAR)
ASKS = replace(SILENT, partner_watermark=True)
CAMERA = Camera("c1", "Gare", "95598", "en_service", has_ptz=True, masks_signed=True, authorisation=ASKS)


def agent(role: str, kind: str) -> Agent:
    return Agent("op", "Op", role, "o", "O", kind, frozenset({"95598"}), "H", AT - YEAR, AT + YEAR, active=True)


@pytest.mark.parametrize(
    ("role", "kind", "outside"),
    [
        ("operateur", "collectivite", False),
        ("chef_de_salle", "collectivite", False),
        ("partenaire_gn", "gendarmerie", True),
        ("partenaire_sdis", "sdis", True),
        ("partenaire_pn", "collectivite", True),
        ("policier_municipal", "police_municipale", True),
        ("operateur", "police_nationale", True),
        ("operateur", "a kind of tomorrow", True),
    ],
)
def test_outside_is_who_is_not_of_the_local_authority_and_every_partner(role: str, kind: str, *, outside: bool) -> None:
    assert is_outside(agent(role, kind)) is outside
    assert burns_watermark(agent(role, kind), CAMERA) is outside


def test_without_an_arrete_that_asks_nothing_is_burnt_in() -> None:
    partner = agent("partenaire_pn", "police_nationale")
    assert not burns_watermark(partner, replace(CAMERA, authorisation=SILENT))
    assert not burns_watermark(partner, replace(CAMERA, authorisation=None))
    assert not burns_watermark(partner, None)
