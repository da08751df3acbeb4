"""Every refusal of a value reads as a French sentence."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import pytest
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, field_validator

from common.validation_words import in_french


class Colour(StrEnum):
    ROUGE = "rouge"


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")

    lon: Annotated[float, Field(ge=-180, le=180)] = 0
    name: Annotated[str, Field(min_length=2, max_length=4, pattern="^[a-z]*$")] = "abc"
    colour: Colour = Colour.ROUGE
    at: AwareDatetime = Field(default_factory=datetime.now)
    tags: Annotated[list[int], Field(max_length=1)] = Field(default_factory=list[int])
    own: str = ""

    @field_validator("own")
    @classmethod
    def _judge(cls, value: str) -> str:
        if value:
            raise ValueError("Dites pourquoi.")
        return value


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"lon": 181}, "Doit être au plus 180.0."),
        ({"lon": "est"}, "Un nombre est attendu."),
        ({"name": "a"}, "Trop court : 2 caractères au moins."),
        ({"name": "ABC"}, "Forme inattendue."),
        ({"colour": "vert"}, "Valeur inconnue. Valeurs possibles : 'rouge'."),
        ({"at": "2026-01-01T00:00:00"}, "La date et l'heure doivent porter leur fuseau horaire."),
        ({"at": "hier"}, "Une date est attendue, par exemple 2026-12-31 ou 2026-12-31T08:00:00Z."),
        ({"tags": [1, 2]}, "Il y en a trop : 1 au plus."),
        ({"surprise": 1}, "Champ inconnu : retirez-le."),
        ({"own": "x"}, "Dites pourquoi."),
    ],
)
def test_what_is_wrong_is_said_in_french(body: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Body.model_validate(body)
    assert [in_french(dict(error)) for error in refused.value.errors()] == [words]


def test_what_nobody_translated_keeps_its_own_text() -> None:
    assert in_french({"type": "novel", "msg": "Something new"}) == "Something new"
    assert in_french({"type": "less_than_equal", "msg": "as it was"}) == "as it was"
