"""Papers that run out, the roster that goes round, and what an employer's people can be."""

import csv
import io
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.domain.agents import ROLES_OF_KIND, Agent, Agrement, Habilitation, Organisation
from access.domain.errors import OwnChange, RoleNotOfEmployer
from access.domain.machine_clients import ClientRefused, MachineClient, MachineClientWrong, hash_of
from access.domain.papers import Deadline, deadlines, reached, training_ends
from access.domain.roster import COLUMNS, RosterUnreadable, read_roster, write_roster
from contracts.access import AgentPaper, OrganisationKind, Role

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
TOWN = Organisation(
    "ca-plaine-vallee", "CA Plaine Vallée", OrganisationKind.COLLECTIVITE, frozenset({"95598", "95210"})
)
CROIX_ROUGE = Organisation("croix-rouge", "Croix-Rouge", OrganisationKind.ASSOCIATION, frozenset({"95598"}))
EMPLOYERS = {one.organisation_id: one for one in (TOWN, CROIX_ROUGE)}
PAPER = Habilitation("HAB-1", NOW - timedelta(days=1), NOW + timedelta(days=400))


def an_agent(**changes: object) -> Agent:
    return replace(Agent("op.durand", "Camille Durand", Role.OPERATEUR, TOWN, TOWN.communes, PAPER), **changes)


@pytest.mark.parametrize("kind", OrganisationKind)
def test_an_employer_opens_only_its_own_roles(kind: OrganisationKind) -> None:
    employer = Organisation("x", "X", kind, frozenset({"95598"}))
    for role in Role:
        if role in ROLES_OF_KIND[kind]:
            assert Agent("a", "A", role, employer, employer.communes).role is role
        else:
            with pytest.raises(RoleNotOfEmployer):
                Agent("a", "A", role, employer, employer.communes)


def test_an_association_opens_no_role_that_could_ask_for_an_image() -> None:
    assert ROLES_OF_KIND[OrganisationKind.ASSOCIATION] == {Role.PARTENAIRE_CROIX_ROUGE}


def test_nobody_changes_their_own_rights_but_may_correct_their_name() -> None:
    agent = an_agent()
    renamed = agent.changed(by_agent="op.durand", name="C. Durand", role=agent.role, organisation=TOWN, communes=None)
    assert renamed.name == "C. Durand"
    with pytest.raises(OwnChange):
        agent.changed(by_agent="op.durand", name=agent.name, role=Role.ADMIN, organisation=TOWN, communes=None)


@given(st.dates(date(2000, 1, 1), date(2090, 1, 1)))
def test_training_counts_for_twenty_four_months(day: date) -> None:
    end = training_ends(day).astimezone(ZoneInfo("Europe/Paris"))
    assert (end.year, end.month) == (day.year + 2, day.month)
    assert end.day == day.day or (day.month, day.day) == (2, 29)


@given(st.integers(-10, 400), st.sampled_from([AgentPaper.AGREMENT, AgentPaper.HABILITATION]))
def test_the_tightest_warning_is_told(days: int, paper: AgentPaper) -> None:
    told = Deadline("op.durand", paper, "N", NOW + timedelta(days=days)).warning_at(NOW)
    expected = 0 if days <= 0 else 30 if days <= 30 else 90 if days <= 90 else 180 if days <= 180 else None
    assert told == expected


def test_warnings_are_of_active_agents_and_the_most_urgent_comes_first() -> None:
    soon = an_agent(agrement=Agrement("AG-1", NOW - timedelta(days=1), NOW + timedelta(days=20)))
    over = an_agent(agent_id="op.b", trained_on=date(2024, 1, 1))
    gone = an_agent(agent_id="op.c", active=False, trained_on=date(2010, 1, 1))
    assert [(one.agent_id, one.paper, days) for one, days in reached([soon, over, gone], NOW)] == [
        ("op.b", AgentPaper.FORMATION, 0),
        ("op.durand", AgentPaper.AGREMENT, 30),
    ]
    assert deadlines(gone) == []


instants = st.datetimes(datetime(2001, 1, 1), datetime(2089, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
names = st.text(st.characters(blacklist_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]), min_size=1, max_size=30)


@st.composite
def agents(draw: st.DrawFn) -> Agent:
    employer, role = draw(
        st.sampled_from([(TOWN, Role.OPERATEUR), (TOWN, Role.DPO), (CROIX_ROUGE, Role.PARTENAIRE_CROIX_ROUGE)])
    )
    starts = draw(instants)
    number = draw(st.from_regex(r"[A-Z]{1,8}", fullmatch=True))
    until = starts + draw(st.timedeltas(timedelta(seconds=1), timedelta(days=3000)))
    return Agent(
        draw(st.from_regex(r"[a-z]{1,8}\.[a-z]{1,8}", fullmatch=True)),
        draw(names),
        role,
        employer,
        draw(st.frozensets(st.sampled_from(sorted(employer.communes)))),
        draw(st.sampled_from([None, Habilitation(number, starts, until)])),
        agrement=draw(st.sampled_from([None, Agrement(number, starts, until)])),
        trained_on=draw(st.none() | st.dates(date(2000, 1, 1), date(2026, 1, 1))),
    )


@given(st.lists(agents(), max_size=5, unique_by=lambda agent: agent.agent_id))
def test_a_roster_taken_out_and_brought_back_changes_nothing(everybody: list[Agent]) -> None:
    known = {agent.agent_id: agent for agent in everybody}
    plan = read_roster(write_roster(everybody).encode(), known, EMPLOYERS, None)
    assert (plan.errors, plan.created, plan.changed, plan.missing) == ((), (), (), ())
    assert plan.unchanged == len(everybody)


@given(st.lists(agents(), max_size=5, unique_by=lambda agent: agent.agent_id))
def test_a_roster_creates_elsewhere_what_it_was_taken_from(everybody: list[Agent]) -> None:
    plan = read_roster(b"\xef\xbb\xbf" + write_roster(everybody).encode(), {}, EMPLOYERS, None)
    assert plan.errors == ()
    assert list(plan.created) == everybody


@given(st.lists(agents(), max_size=5, unique_by=lambda agent: agent.agent_id), st.booleans())
def test_a_roster_that_is_silent_about_territories_leaves_them(everybody: list[Agent], blank: bool) -> None:  # noqa: FBT001
    known = {agent.agent_id: agent for agent in everybody}
    rows = list(csv.DictReader(io.StringIO(write_roster(everybody)), delimiter=";"))
    columns = [column for column in COLUMNS if blank or column != "communes"]
    silent = io.StringIO()
    writer = csv.DictWriter(silent, columns, delimiter=";", extrasaction="ignore")
    writer.writeheader()
    writer.writerows([{**row, "communes": ""} for row in rows])
    plan = read_roster(silent.getvalue().encode(), known, EMPLOYERS, None)
    assert (plan.errors, plan.changed, plan.unchanged) == ((), (), len(everybody))


@pytest.mark.parametrize(
    ("cell", "communes"),
    [
        ("toutes", {"95598", "95210"}),
        ("AUCUNE", set[str]()),
        ("95210", {"95210"}),
        ("", {"95598"}),
    ],
)
def test_a_whole_territory_and_none_are_said_in_words(cell: str, communes: set[str]) -> None:
    known = {"op.durand": an_agent(communes=frozenset({"95598"}))}
    plan = read_roster(
        f"{HEAD}op.durand;Camille D.;operateur;ca-plaine-vallee;{cell};;;;\n".encode(), known, EMPLOYERS, None
    )
    assert plan.errors == ()
    assert plan.changed[0].communes == communes


def test_an_employer_without_the_agents_communes_asks_for_them() -> None:
    known = {"op.durand": an_agent(communes=frozenset({"95210"}))}
    other = replace(TOWN, organisation_id="autre", communes=frozenset({"95598"}))
    plan = read_roster(f"{HEAD}op.durand;Camille Durand;operateur;autre;;;;;\n".encode(), known, {"autre": other}, None)
    assert [(error.column, "95210" in error.message) for error in plan.errors] == [("agent_id", True)]


@pytest.mark.parametrize(
    "papers",
    [
        {"habilitation_id": "HAB-2", "habilitation_from": "01/01/2026", "habilitation_until": "31/12/2030"},
        {"agrement_number": "AG-2", "agrement_from": "01/01/2026", "agrement_until": "31/12/2030"},
    ],
)
def test_nobody_brings_papers_for_themselves(papers: dict[str, str]) -> None:
    known = {"op.durand": an_agent()}
    line = {"agent_id": "op.durand", "name": "Camille Durand", "role": "operateur", **papers}
    line["organisation_id"] = "ca-plaine-vallee"
    content = f"{';'.join(line)}\n{';'.join(line.values())}\n".encode()
    own = read_roster(content, known, EMPLOYERS, "op.durand")
    assert (own.changed, [error.column for error in own.errors]) == ((), ["agent_id"])
    for somebody_else in ("admin.vigie", None):
        assert len(read_roster(content, known, EMPLOYERS, somebody_else).changed) == 1


def test_ones_own_line_as_it_was_is_no_change() -> None:
    agent = an_agent(agrement=Agrement("AG-1", NOW - timedelta(days=1), NOW + timedelta(days=20)))
    plan = read_roster(write_roster([agent]).encode(), {"op.durand": agent}, EMPLOYERS, "op.durand")
    assert (plan.errors, plan.changed, plan.unchanged) == ((), (), 1)


@given(st.binary(max_size=300))
def test_rubbish_is_told_and_never_creates_anybody(content: bytes) -> None:
    try:
        plan = read_roster(content, {}, EMPLOYERS, None)
    except RosterUnreadable:
        return
    assert plan.created == ()


HEAD = "agent_id;name;role;organisation_id;communes;habilitation_id;habilitation_from;habilitation_until;trained_on\n"


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("op.a;A;operateur;inconnue;;;;;", "organisation_id"),
        ("op.a;;operateur;ca-plaine-vallee;;;;;", "name"),
        ("op.a;A;empereur;ca-plaine-vallee;;;;;", "role"),
        ("op.a;A;operateur;croix-rouge;;;;;", "agent_id"),
        ("OP A;A;operateur;ca-plaine-vallee;;;;;", "agent_id"),
        ("op.a;A;operateur;ca-plaine-vallee;59606;;;;", "agent_id"),
        ("op.a;A;operateur;ca-plaine-vallee;aucune 95598;;;;", "communes"),
        ("op.a;A;operateur;ca-plaine-vallee;;H1;;;", "habilitation_id"),
        ("op.a;A;operateur;ca-plaine-vallee;;H1;01/01/2026;31-12-2026;", "habilitation_until"),
        ("op.a;A;operateur;ca-plaine-vallee;;H1;01/01/2026;01/01/2025;", "habilitation_until"),
        ("op.a;A;operateur;ca-plaine-vallee;;;;;hier", "trained_on"),
    ],
)
def test_a_wrong_line_is_told_with_its_column_and_refuses_only_itself(line: str, column: str) -> None:
    good = "op.b;Bérénice;operateur;ca-plaine-vallee;95598;H2;01/01/2026;31/12/2026;15/03/2025\n"
    plan = read_roster((HEAD + line + "\n" + good).encode("cp1252"), {}, EMPLOYERS, None)
    assert [(error.line, error.column) for error in plan.errors] == [(2, column)]
    created = plan.created[0]
    assert created.name == "Bérénice"
    assert created.habilitation is not None
    assert created.habilitation.valid_until == datetime(2026, 12, 31, 23, tzinfo=UTC)  # midnight in Paris


def test_who_is_missing_is_told_and_a_name_twice_is_refused() -> None:
    known = {agent.agent_id: agent for agent in (an_agent(), an_agent(agent_id="op.absente"))}
    line = "op.durand;Camille Durand;operateur;ca-plaine-vallee;95598 95210;;;;\n"
    plan = read_roster((HEAD + line + line).encode(), known, EMPLOYERS, None)
    assert plan.missing == ("op.absente",)
    assert [error.line for error in plan.errors] == [3]
    assert plan.unchanged == 1


def test_a_formula_in_a_name_is_made_inert_and_comes_back() -> None:
    agent = an_agent(name="=HYPERLINK(1)")
    text = write_roster([agent])
    assert ";'=HYPERLINK(1);" in text
    assert read_roster(text.encode(), {}, EMPLOYERS, None).created[0].name == "=HYPERLINK(1)"


def a_client(scopes: frozenset[str] = frozenset({"cameras.read", "register.read"}), **changes: object) -> MachineClient:
    made = MachineClient.registered(
        client_id="cad-95",
        name="CAD du SDIS",
        organisation=replace(TOWN, **changes),
        scopes=scopes,
        secret_hash=hash_of("s3cret"),
    )
    assert made.organisation_id == "ca-plaine-vallee"
    return made


def test_a_client_gets_what_it_was_given_and_nothing_more() -> None:
    client = a_client()
    assert client.granted("s3cret", frozenset()) == client.scopes
    assert client.granted("s3cret", frozenset({"cameras.read"})) == {"cameras.read"}
    for secret, asked, who in (
        ("wrong", frozenset[str](), client),
        ("s3cret", frozenset({"agents.write"}), client),
        ("s3cret", frozenset[str](), client.revoked(NOW)),
    ):
        with pytest.raises(ClientRefused):
            who.granted(secret, asked)


HOUSE_SCOPES = (
    "agents.write",
    "authorisations.write",
    "cameras.source",
    "cameras.write",
    "clients.manage",
    "partners.write",
    "segments.read",
    "tout",
)


@pytest.mark.parametrize("scope", HOUSE_SCOPES)
def test_an_outside_machine_is_never_given_a_scope_that_writes_or_opens(scope: str) -> None:
    with pytest.raises(MachineClientWrong):
        a_client(frozenset({"cameras.read", scope}))
    once = replace(a_client(), scopes=frozenset({"cameras.read", scope}))  # stored when it could be had
    assert once.granted("s3cret", frozenset()) == {"cameras.read"}
    for client, asked in ((once, {scope}), (replace(once, scopes=frozenset({scope})), set[str]())):
        with pytest.raises(ClientRefused):
            client.granted("s3cret", frozenset(asked))


def test_a_client_needs_a_scope_and_an_organisation_with_a_territory() -> None:
    with pytest.raises(MachineClientWrong):
        a_client(frozenset())
    with pytest.raises(MachineClientWrong, match="territoire"):
        a_client(communes=frozenset[str]())
