"""Whichever way the database is asked, the answer is the one that reading every row would give."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from register_rows import a_row

from access.domain.register import RegisterRow, words_of
from access.repository import register as repository
from access.repository.register_questions import Question
from access.use_cases import register as use_cases
from common.database import Database
from common.testing.servers import TestDatabase
from contracts.access import RegisterEntry

pytestmark = pytest.mark.integration

ROWS = 9_500  # more than are read before the index of words is asked
START = datetime(2026, 3, 1, tzinfo=UTC)
SOISY, ENGHIEN = "95598", "95210"

WORDS = (
    None,
    " ",
    "!",
    "ronde",  # frequent
    "gare stade",  # each frequent, never together
    "numéro 77",  # in every row, and rare
    "numéro 00",  # both in more than fit a page
    "KERMESSE",  # frequent once, not lately
    "numéro kerm",
    "fanfare",  # once
    "introuvable",
    "onde",  # ends words only
    "l'écluse_3",
)
FILTERS = (
    Question(),
    Question(communes=frozenset({SOISY})),
    Question(actor_id="op.rare"),
    Question(insee=ENGHIEN, motive_code="requisition"),
    Question(from_at=START + timedelta(seconds=100), until_at=START + timedelta(seconds=1_900)),
    Question(from_at=START + timedelta(days=2)),
)


def rows_of_a_year() -> Iterator[RegisterEntry]:
    for number in range(ROWS):
        told = ["ronde" if number % 3 else "rixe", ("gare", "parc", "stade")[number % 3], f"numéro {number % 1000:03}"]
        told += ["kermesse"] if number < 1_200 else []
        told += ["fanfare"] if number == 40 else []
        told += ["à l'écluse_3"] if number % 2_000 == 7 else []
        yield a_row(
            at=START + timedelta(seconds=number),
            actor_id="op.rare" if number % 900 == 5 else "op.durand",
            insee=SOISY if number % 2 else ENGHIEN,
            motive_code="requisition" if number % 7 == 0 else "surveillance",
            motive_text=" ".join(told),
        )


class Read:
    """A row as its sealed bytes say it, no column looked at."""

    def __init__(self, row: RegisterRow) -> None:
        self.seq = row.seq
        self._content = row.content
        self._at = datetime.fromisoformat(self._content["at"])
        self._said = words_of(*(self._content[name] for name in ("motive_code", "motive_text", "context"))).split()

    def answers(self, question: Question) -> bool:
        """Judge by reading."""
        asked = words_of(question.why or "").split()
        return (
            question.actor_id in {None, self._content["actor_id"]}
            and question.insee in {None, self._content["insee"]}
            and question.motive_code in {None, self._content["motive_code"]}
            and (question.communes is None or self._content["insee"] in question.communes)
            and (question.from_at is None or self._at >= question.from_at)
            and (question.until_at is None or self._at < question.until_at)
            and (bool(asked) or not (question.why or "").strip())
            and all(any(word.startswith(begun) for word in self._said) for begun in asked)
        )


async def test_every_way_to_ask_finds_what_reading_every_row_finds(
    make_database: Callable[[str | None], TestDatabase],
) -> None:
    database = Database(make_database("access").app_url)
    entries = list(rows_of_a_year())
    async with database.transaction() as conn:
        await use_cases.append_entries(conn, entries=entries)
        newest_first = [Read(row) for row in await repository.answer(conn, Question(), before=None, limit=ROWS)]
    assert len(newest_first) == ROWS
    sizes: set[int] = set()
    async with database.transaction() as conn:
        for asked, why in product(FILTERS, WORDS):
            question = replace(asked, why=why)
            expected = [row.seq for row in newest_first if row.answers(question)]
            page = [row.seq for row in await repository.answer(conn, question, before=None, limit=100)]
            assert page == expected[:100], question
            if len(expected) > 100:
                following = await repository.answer(conn, question, before=page[-1], limit=100)
                assert [row.seq for row in following] == expected[100:200], question
            sizes.add(min(len(page), 100))
    await database.dispose()
    assert {0, 1, 100} <= sizes


async def test_all_that_answers_is_read_in_order_up_to_a_size(
    make_database: Callable[[str | None], TestDatabase],
) -> None:
    database = Database(make_database("access").app_url)
    entries = list(rows_of_a_year())
    async with database.transaction() as conn:
        await use_cases.append_entries(conn, entries=entries)
        every = [Read(row) for row in await repository.answer(conn, Question(), before=None, limit=ROWS)]
        for why in WORDS:
            question = Question(why=why, communes=frozenset({SOISY}))
            expected = [row.seq for row in reversed(every) if row.answers(question) and row.seq <= 9_000]
            read = [row.seq async for page in repository.pages(conn, question, size=9_000) for row in page]
            assert read == expected, question
    await database.dispose()
