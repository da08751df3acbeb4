"""The nomenclature that is shipped holds what DOMAIN §5 lists, with its priorities."""

import pytest

from contracts.access import OrganisationKind
from contracts.incident import Priority
from incident.nomenclature import NOMENCLATURE, read_nomenclature

PRIORITIES = {
    "secours": "accident_corporel P1 accident_materiel P2 malaise P1 detresse_sociale P3"
    " personne_vulnerable_egaree P1 tentative_suicide P1",
    "incendie_risques": "feu_vehicule P1 feu_batiment P1 feu_poubelle P2 fuite_gaz P1 inondation P2 arbre P3",
    "atteintes_personnes": "rixe P1 agression P1 vol_violence P1 arme P1 exhibition P2",
    "atteintes_biens": "cambriolage P1 vol_vehicule P1 degradation P2 tag P3 intrusion_batiment_public P1",
    "stupefiants": "deal P2 guet P2 largage_drone P1",
    "ordre_public": "attroupement P2 rodeo P1 tir_mortier P1",
    "tranquillite": "tapage P3 ivresse P2 regroupement P3 animal_dangereux P2",
    "circulation": "stationnement_genant P3 stationnement_dangereux P2 contresens P1 feu_en_panne P3",
    "cadre_de_vie": "depot_sauvage P3 eclairage P3 mobilier P3 chaussee P2",
    "surete": "colis_suspect P1 bouton_alerte P1 survol_drone P2",
    "technique": "camera_hors_service P3 masque_defaillant P1 reseau_stockage P1 intrusion_si P1",
}


def test_every_entry_of_the_domain_page_is_there_with_its_priority() -> None:
    expected: dict[str, Priority] = {}
    for family, line in PRIORITIES.items():
        words = line.split()
        expected |= {f"{family}.{code}": Priority(level) for code, level in zip(words[::2], words[1::2], strict=True)}
    assert {code: entry.priority for code, entry in NOMENCLATURE.items()} == expected


def test_every_entry_names_whom_to_warn() -> None:
    assert all(entry.partner_kinds for entry in NOMENCLATURE.values())
    assert NOMENCLATURE["secours.detresse_sociale"].partner_kinds == (OrganisationKind.ASSOCIATION,)


def test_a_code_that_appears_twice_is_refused() -> None:
    entry = '{ code = "a", label = "A", priority = "P1", partners = [] }'
    text = f'[[family]]\ncode = "f"\nlabel = "F"\nentry = [{entry}, {entry}]\n'
    with pytest.raises(ValueError, match="twice"):
        read_nomenclature(text)
