"""The people of the demonstration: whom the identity provider lets log in.

What they may do is not here: roles, communes and habilitations belong to the access service, which seeds the same
log-in names. Knowing a password never gives a right (local, dated habilitations do).
"""

from dataclasses import dataclass

DEMO_PASSWORD = "vigie-demo"  # noqa: S105 - printed on the terminal on purpose, and only with demo people


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account. ``login`` is also the agent's identifier; ``presented_as`` is for the terminal."""

    login: str
    given_name: str
    family_name: str
    presented_as: str


DEMO_PEOPLE = (
    Person("op.durand", "Camille", "Durand", "opératrice, tout le territoire"),
    Person("chef.martin", "Alex", "Martin", "chef de salle"),
    Person("op.soisy", "Sacha", "Roux", "opérateur, une seule commune (à Plaine Vallée : Soisy)"),
    Person("pn.bernard", "Dominique", "Bernard", "partenaire Police nationale"),
    Person("cr.petit", "Noa", "Petit", "partenaire Croix-Rouge (aucune image)"),
    Person("dpo.leroy", "Claude", "Leroy", "déléguée à la protection des données"),
    Person("admin.vigie", "Andrea", "Vigie", "administration, sans images"),
    Person("auditeur.cnil", "Charlie", "Moulin", "auditeur, lit le registre"),
    Person("tech.moreau", "Lou", "Moreau", "technicien"),
)

TOWN_PEOPLE = {
    "valenciennes": (Person("relec.nadal", "Morgan", "Nadal", "agent de la salle de relecture"),),
}
"""Whom the demonstration has in one town only."""

FIRST_ADMINISTRATOR = Person("admin.vigie", "Administration", "Vigie", "premier compte d'administration")
"""The only account of an installation in earnest; its password is generated."""


def demo_people(town: str) -> tuple[Person, ...]:
    """Return the demonstration's people of a town."""
    return DEMO_PEOPLE + TOWN_PEOPLE.get(town, ())
