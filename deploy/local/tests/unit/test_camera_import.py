"""``vigie cameras import``: the options a person types, and the report in words."""

from typing import Any

import pytest

from vigie_local.commands import cameras


def test_columns_are_given_field_by_field() -> None:
    given = ["lon=Coord X", "cameras=Cam 1", "cameras = Cam 2", "label="]
    assert cameras.mapping_of(given) == {"lon": ["Coord X"], "cameras": ["Cam 1", "Cam 2"], "label": []}


@pytest.mark.parametrize("text", ["lon", "=X", ""])
def test_what_is_no_mapping_is_told(text: str) -> None:
    with pytest.raises(cameras.MappingUnreadable, match="champ=colonne"):
        cameras.mapping_of([text])


def test_the_report_says_what_to_mend_and_how_to_apply_it() -> None:
    issue = {"line": 3, "column": "lon", "header": "X", "value": "ouest", "message": "Ce n'est pas un nombre."}
    report: dict[str, Any] = {
        "dry_run": True,
        "strict": True,
        "valid": 1,
        "invalid": 50,
        "created": 1,
        "changed": 1,
        "unchanged": 0,
        "missing": 2,
        "plan_hash": "abc",
        "notes": ["Coordonnées lues comme Lambert-93."],
        "unmapped": ["Divers"],
        "mapping": [{"title": "Longitude ou X", "columns": ["X"], "confidence": 0.6}],
        "errors": [issue] * 50,
        "warnings": [],
        "changes": [{"camera_id": "A", "fields": [{"field": "label", "before": "Gare", "after": "La gare"}]}],
    }
    told = cameras.import_in_words(report)
    assert "(strict : rien n'est écrit)" in told
    assert "ligne 3, refusée, X : Ce n'est pas un nombre. ('ouest')" in told
    assert "… et 10 autres" in told
    assert "Longitude ou X ← X (supposé, 60%" in told
    assert "label « Gare » → « La gare »" in told
    assert "--plan abc" in told
