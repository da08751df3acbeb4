"""The four questions asked of the register, turned into queries whose cost does not depend on how rare the answer is.

Rows are read in order of ``seq``. PostgreSQL knows neither that time grows with it nor how often the beginning of a
word occurs: left alone it sorts 200 000 rows for a page of 100, or walks a million for one that is not there. What it
cannot know is looked up first, in two bounded queries.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import CTE, BigInteger, ColumnElement, Select, and_, false, func, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from access.domain.register import RegisterRow, words_of
from access.tables import register_entries

_COLUMNS = tuple(RegisterRow._fields)
_LOOKED_AT = 8192  # newest rows whose words are read before the index of words is asked: some 10 ms
_FREQUENT = _LOOKED_AT // 32  # a word in more of them would cost the index more than it leaves out
_RARE = 2000  # rows that may be named one by one
_MEMORY_OF_WORDS = "64MB"  # less, and the index tells pages instead of rows: every row on them would be read again


@dataclass(frozen=True, slots=True)
class Question:
    """Which camera, when, by whom, why: every field None asks nothing. ``until_at`` is excluded.

    ``why``: words that begin words of motive and context, all of them. ``communes`` bounds what may be seen; None
    means all communes.
    """

    camera_id: str | None = None
    actor_id: str | None = None
    action: str | None = None
    result: str | None = None
    from_at: datetime | None = None
    until_at: datetime | None = None
    communes: frozenset[str] | None = None
    insee: str | None = None
    organisation: str | None = None
    motive_code: str | None = None
    why: str | None = None

    @property
    def asks_nothing(self) -> bool:
        """Tell whether the answer is the whole register."""
        return self == Question()


def asked_of_columns(question: Question) -> Select[Any]:
    """Return the rows that answer, ``why`` left aside, in no order."""
    columns = register_entries.c
    query = select(*(columns[name] for name in _COLUMNS))
    asked = {
        columns.camera_id: question.camera_id,
        columns.actor_id: question.actor_id,
        columns.action: question.action,
        columns.result: question.result,
        columns.insee: question.insee,
        columns.organisation: question.organisation,
        columns.motive_code: question.motive_code,
    }
    for column, value in asked.items():
        if value is not None:
            query = query.where(column == value)
    if question.from_at is not None:
        query = query.where(columns.at >= question.from_at)
    if question.until_at is not None:
        query = query.where(columns.at < question.until_at)
    if question.communes is not None:
        query = query.where(columns.insee.in_(sorted(question.communes)))
    return query


async def newest(conn: AsyncConnection, question: Question, *, before: int | None, limit: int) -> Select[Any]:
    """Return the query of a page, newest first, of the rows with ``seq < before`` when it is given."""
    seq = register_entries.c.seq
    query = await _in_its_time(conn, question)
    if before is not None:
        query = query.where(seq < before)
    if question.why is not None:
        words = words_of(question.why).split()
        query = await _newest_with(conn, query, words, limit) if words else _without_words(query, question.why)
    return query.order_by(seq.desc()).limit(limit)


async def whole(conn: AsyncConnection, question: Question) -> Select[Any]:
    """Return the query of all that answers, to be read in order of ``seq`` from the first to the last."""
    query = await _in_its_time(conn, question)
    if question.why is None:
        return query
    words = words_of(question.why).split()
    if not words:
        return _without_words(query, question.why)
    every = await _every(conn, select(register_entries.c.seq).where(_indexed(words, [])))
    some = list((await conn.execute(select(every.c.seq).limit(_RARE + 1))).scalars())
    return query.where(_is_one_of(some) if len(some) <= _RARE else _with_all(register_entries.c.why, words))


async def _in_its_time(conn: AsyncConnection, question: Question) -> Select[Any]:
    """Bound the rows by the numbers that the instants asked for span."""
    columns = register_entries.c
    query = asked_of_columns(question)
    if question.until_at is None:
        return query
    between = [columns.at < question.until_at]
    if question.from_at is not None:
        between.append(columns.at >= question.from_at)
    number = columns.seq + 0  # as it stands, the planner would walk the primary key instead of the instants
    span = (await conn.execute(select(func.min(number), func.max(number)).where(*between))).one()
    return query.where(columns.seq.between(span[0] or 0, span[1] or 0))


async def _newest_with(conn: AsyncConnection, query: Select[Any], words: Sequence[str], limit: int) -> Select[Any]:
    """Look for the words in the newest rows; ask the index only when these are not the whole answer.

    A frequent word fills a page from the newest rows, and narrow filters leave no others. What is left are words
    that are rare, or rarely together: the index finds the rare ones, and the frequent ones are read in its rows.
    """
    columns = register_entries.c
    looked = query.with_only_columns(columns.seq, columns.why).order_by(columns.seq.desc()).limit(_LOOKED_AT).subquery()
    has = [_begins(looked.c.why, word) for word in words]
    counts = [func.count().filter(one) for one in has]
    told = (await conn.execute(select(func.count(), func.array_agg(looked.c.seq).filter(and_(*has)), *counts))).one()
    found = sorted(told[1] or [], reverse=True)
    if told[0] < _LOOKED_AT or len(found) >= limit:
        return query.where(_is_one_of(found[:limit]))
    frequent = [word for word, times in zip(words, told[2:], strict=True) if times > _FREQUENT]
    rare = [word for word in words if word not in frequent]
    if not rare:
        frequent, rare = [], list(words)
    every = await _every(conn, query.with_only_columns(columns.seq).where(_indexed(rare, frequent)))
    page = select(every.c.seq).order_by(every.c.seq.desc()).limit(limit)
    return query.where(_is_one_of(list((await conn.execute(page)).scalars())))


async def _every(conn: AsyncConnection, indexed: Select[Any]) -> CTE:
    """Return rows to be found by the index of words, all of them before any is left out for the page's sake."""
    await conn.execute(text("SELECT set_config('work_mem', :memory, true)"), {"memory": _MEMORY_OF_WORDS})
    return indexed.cte().prefix_with("MATERIALIZED")


def _indexed(rare: Sequence[str], frequent: Sequence[str]) -> ColumnElement[bool]:
    begun = " & ".join(f"'{word}':*" for word in rare)  # words hold letters, digits, _ and - only
    by_index = text(
        "array_to_tsvector(string_to_array(register_entries.why, ' ')) @@ CAST(:begun AS tsquery)"
    ).bindparams(begun=begun)
    return and_(by_index, *(_begins(register_entries.c.why, word) for word in frequent))


def _with_all(why: ColumnElement[str], words: Sequence[str]) -> ColumnElement[bool]:
    return and_(*(_begins(why, word) for word in words))


def _begins(why: ColumnElement[str], word: str) -> ColumnElement[bool]:
    return func.strpos(literal(" ") + why, f" {word}") > 0  # the column holds words with one blank between


def _is_one_of(numbers: Sequence[int]) -> ColumnElement[bool]:
    return register_entries.c.seq == func.any(literal(list(numbers), ARRAY(BigInteger)))


def _without_words(query: Select[Any], why: str) -> Select[Any]:
    """Blanks ask nothing; signs that are no word are in no row."""
    return query.where(false()) if why.strip() else query
