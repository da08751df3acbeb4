"""The hash chain: what is sealed is found again, and nothing else passes for it."""

import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from access.domain.register import GENESIS, ChainHead, RegisterRow, chain, words_of
from access.domain.register_walk import Pin, RegisterWalk, Verification
from contracts.access import RegisterEntry, RegisterResult
from contracts.merkle import EMPTY_ROOT, leaf_hash, root_of
from contracts.register_row import canonical_bytes

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
instants = st.datetimes(datetime(2026, 1, 1), datetime(2036, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
entries = st.builds(
    RegisterEntry,
    entry_id=st.uuids(),
    at=instants,
    actor_id=st.sampled_from(["op.durand", "chef.martin"]),
    actor_name=texts,
    actor_role=st.just("operateur"),
    habilitation_id=st.none() | st.just("H-1"),
    organisation=texts,
    action=st.sampled_from(["live", "replay"]),
    camera_id=st.none() | st.just("c1"),
    camera_label=st.none() | texts,
    insee=st.sampled_from(["95598", "00000"]),
    authorisation_id=st.none() | st.just("A-1"),
    motive_code=st.just("surveillance"),
    motive_text=texts,
    context=texts,
    station=st.just("10.0.0.1"),
    window_from=st.none() | instants,
    window_until=st.none(),
    recipient=st.none(),
    result=st.sampled_from(RegisterResult),
    rule=st.just("toutes_regles"),
    citation=texts,
)
registers = st.lists(entries, min_size=1, max_size=6, unique_by=lambda entry: entry.entry_id)


def verified(rows: list[RegisterRow], pin: ChainHead | None = None) -> Verification:
    walk = RegisterWalk([Pin(pin.seq, pin.hash, None)] if pin else [])
    walk.take(rows, {})
    walk.take_upper([])
    return walk.result


@given(registers, st.integers(0, 6))
def test_a_sealed_register_verifies_however_it_was_batched(asked: list[RegisterEntry], cut: int) -> None:
    first = list(chain(ChainHead(), asked[:cut]))
    head = ChainHead(first[-1].seq, first[-1].hash) if first else ChainHead()
    rows = [*first, *chain(head, asked[cut:])]
    assert rows == list(chain(ChainHead(), asked))
    found = verified(rows)
    assert (found.valid, found.entries, found.head_hash) == (True, len(asked), rows[-1].hash.hex())
    assert found.root_hash == root_of(leaf_hash(row.canonical) for row in rows).hex()


@given(registers, st.data())
def test_one_flipped_bit_anywhere_is_found_at_its_row(asked: list[RegisterEntry], data: st.DataObject) -> None:
    rows = list(chain(ChainHead(), asked))
    place = data.draw(st.integers(0, len(rows) - 1))
    field = data.draw(st.sampled_from(["canonical", "prev_hash", "hash"]))
    stored = bytearray(getattr(rows[place], field))
    bit = data.draw(st.integers(0, len(stored) * 8 - 1))
    stored[bit // 8] ^= 1 << bit % 8
    rows[place] = rows[place]._replace(**{field: bytes(stored)})
    assert verified(rows).first_bad_seq == place + 1


@given(registers, st.data())
def test_a_changed_query_column_is_found(asked: list[RegisterEntry], data: st.DataObject) -> None:
    rows = list(chain(ChainHead(), asked))
    place = data.draw(st.integers(0, len(rows) - 1))
    lie = data.draw(
        st.sampled_from(
            [
                {"entry_id": UUID(int=0)},
                {"at": rows[place].at + timedelta(milliseconds=1)},
                {"actor_id": "autre"},
                {"action": "export"},
                {"result": "tampered"},
                {"insee": "95428"},
                {"camera_id": "autre"},
                {"organisation": "autre organisation"},
                {"motive_code": "autre"},
                {"why": "autre"},
                {"at": rows[place].at + timedelta(microseconds=1)},
            ]
        )
    )
    rows[place] = rows[place]._replace(**lie)
    assert verified(rows).first_bad_seq == place + 1


@given(registers.filter(lambda asked: len(asked) > 1), st.data())
def test_a_removed_or_swapped_row_is_found(asked: list[RegisterEntry], data: st.DataObject) -> None:
    rows = list(chain(ChainHead(), asked))
    place = data.draw(st.integers(0, len(rows) - 2))
    removed = rows[:place] + rows[place + 1 :]
    assert verified(removed).first_bad_seq == place + 1
    swapped = [*rows[:place], rows[place + 1], rows[place], *rows[place + 2 :]]
    assert verified(swapped).first_bad_seq == place + 1


@given(registers, registers, st.data())
def test_a_chain_rewritten_with_fresh_hashes_does_not_pass_its_checkpoint(
    asked: list[RegisterEntry], others: list[RegisterEntry], data: st.DataObject
) -> None:
    sealed = chain(ChainHead(), asked)[-1]
    place = data.draw(st.integers(0, len(asked) - 1))
    forged = chain(ChainHead(), [*asked[:place], others[0], *asked[place + 1 :]])
    assert verified(list(forged)).valid
    found = verified(list(forged), ChainHead(sealed.seq, sealed.hash))
    assert found.valid == (others[0] == asked[place])
    assert found.valid or found.first_bad_seq == sealed.seq


@given(registers, st.data())
def test_a_register_cut_short_of_its_checkpoint_is_found(asked: list[RegisterEntry], data: st.DataObject) -> None:
    rows = list(chain(ChainHead(), asked))
    left = data.draw(st.integers(0, len(rows) - 1))
    pin = ChainHead(rows[-1].seq, rows[-1].hash)
    assert verified(rows, pin).valid
    assert verified(rows[:left], pin).first_bad_seq == left + 1


def test_an_empty_register_is_valid_and_starts_from_zero_bytes() -> None:
    assert verified([]) == Verification(0, True, None, GENESIS.hex(), EMPTY_ROOT.hex(), 0, None)


def an_entry(**changes: object) -> RegisterEntry:
    values: dict[str, object] = {
        "entry_id": UUID(int=7),
        "at": datetime(2026, 7, 14, 23, 30, 0, 123_999, timezone(timedelta(hours=2))),
        "actor_id": "op.durand",
        "actor_name": "Durand",
        "actor_role": "operateur",
        "habilitation_id": None,
        "organisation": "CA",
        "action": "live",
        "camera_id": "c1",
        "camera_label": "Gare « Nord »\n",
        "insee": "95598",
        "authorisation_id": None,
        "motive_code": "surveillance",
        "motive_text": "",
        "context": "",
        "station": "local",
        "window_from": None,
        "window_until": None,
        "recipient": None,
        "result": "allowed",
        "rule": "toutes_regles",
        "citation": "CSI",
        **changes,
    }
    return RegisterEntry.model_validate(values)


def test_canonical_bytes_are_those_of_rfc_8785() -> None:
    sealed = canonical_bytes(3, an_entry())
    assert sealed.startswith(b'{"action":"live","actor_id":"op.durand"')
    assert '"camera_label":"Gare « Nord »\\n"'.encode() in sealed
    assert b'"at":"2026-07-14T21:30:00.123Z"' in sealed
    assert list(json.loads(sealed)) == sorted(json.loads(sealed))


def test_anybody_can_check_the_chain_with_sha256_alone() -> None:
    rows = chain(ChainHead(), [an_entry(), an_entry(entry_id=UUID(int=8))])
    first = hashlib.sha256(bytes(32) + rows[0].canonical).digest()
    assert rows[1].hash == hashlib.sha256(first + rows[1].canonical).digest()


@given(entries)
def test_control_characters_survive_sealing(entry: RegisterEntry) -> None:
    noisy = entry.model_copy(update={"motive_text": "\x00\x1f\x7f\u2028é😀"})
    assert json.loads(canonical_bytes(1, noisy))["motive_text"] == noisy.motive_text


def test_words_are_found_without_accents_case_or_order() -> None:
    assert words_of("Réquisition", "N° 12/2026 à l'Œuvre", "incident:2026-95598-000001") == (
        "12 2026 2026-95598-000001 a incident l n requisition uvre"
    )
    assert words_of("É\u0301a", "x" * 100) == f"ea {'x' * 36} {'x' * 64}"


@given(texts, texts)
def test_words_are_the_same_however_often_they_are_taken(one: str, other: str) -> None:
    words = words_of(one, other)
    assert words_of(words) == words
    assert set(words.split()) >= set(words_of(one).split())
