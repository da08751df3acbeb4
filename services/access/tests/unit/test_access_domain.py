"""Agents, habilitations and sessions by example."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.api.login_attempt import new_attempt
from access.domain.agents import Agent, AgentIdMalformed, Habilitation, Organisation
from access.domain.errors import (
    AgentAlreadyRevoked,
    CommunesOutsideEmployer,
    HabilitationEmpty,
    LoginProblem,
    LoginRefused,
)
from access.domain.sessions import NextPathRefused, Session, local_path
from access.oidc import code_challenge
from access.seed import load_town, town_names
from contracts.access import OrganisationKind, Role

AT = datetime(2026, 7, 14, 12, 0, tzinfo=UTC)
YEAR = timedelta(days=365)
CA = Organisation("ca", "CA Plaine Vallée", OrganisationKind.COLLECTIVITE, frozenset({"95598", "95210"}))
PAPER = Habilitation("H-1", AT - YEAR, AT + YEAR)


def an_agent(habilitation: Habilitation | None = PAPER, communes: frozenset[str] | None = None) -> Agent:
    return Agent.enrol(
        agent_id="op.durand",
        name="Durand",
        role=Role.OPERATEUR,
        organisation=CA,
        communes=communes,
        habilitation=habilitation,
    )


def test_an_agent_has_the_employers_territory_unless_told_less() -> None:
    assert an_agent().communes == CA.communes
    assert an_agent(communes=frozenset({"95598"})).state.communes == ("95598",)


def test_a_commune_of_another_employer_is_refused() -> None:
    with pytest.raises(CommunesOutsideEmployer, match="95428"):
        an_agent(communes=frozenset({"95598", "95428"}))


@pytest.mark.parametrize("agent_id", ["", "Op", "a b", "a/b", "a..b", ".a", "a.", "é", "x" * 65, "*", ">", "a\n"])
def test_an_identifier_that_is_no_login_name_is_refused(agent_id: str) -> None:
    with pytest.raises(AgentIdMalformed):
        Agent.enrol(agent_id=agent_id, name="X", role=Role.DPO, organisation=CA, communes=None, habilitation=None)


def test_a_habilitation_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(HabilitationEmpty):
        Habilitation("H", AT, AT)


def test_revocation_raises_the_epoch_once_and_a_new_paper_does_not_lower_it() -> None:
    gone = an_agent().revoked()
    assert (gone.active, gone.session_epoch) == (False, 1)
    with pytest.raises(AgentAlreadyRevoked):
        gone.revoked()
    back = gone.habilitated(Habilitation("H-2", AT, AT + YEAR), by_agent="admin.vigie")
    assert (back.active, back.session_epoch) == (True, 1)


def test_a_commune_lost_by_the_employer_is_lost_by_the_agent() -> None:
    smaller = Organisation("ca", "CA", OrganisationKind.COLLECTIVITE, frozenset({"95210", "95428"}))
    assert an_agent().employed_by(smaller).communes == frozenset({"95210"})


@pytest.mark.parametrize(
    ("agent", "problem"),
    [
        (an_agent().revoked(), LoginProblem.COMPTE_REVOQUE),
        (an_agent(habilitation=None), LoginProblem.HABILITATION_EXPIREE),
        (an_agent(habilitation=Habilitation("H", AT - YEAR, AT)), LoginProblem.HABILITATION_EXPIREE),
        (an_agent(habilitation=Habilitation("H", AT + YEAR, AT + 2 * YEAR)), LoginProblem.HABILITATION_EXPIREE),
    ],
)
def test_a_login_alone_gives_nothing(agent: Agent, problem: LoginProblem) -> None:
    with pytest.raises(LoginRefused) as refused:
        Session.open(session_id=UUID(int=1), agent=agent, at=AT)
    assert refused.value.problem == problem


def test_a_session_ends_after_twelve_hours_whatever_was_refreshed() -> None:
    agent = an_agent()
    session = Session.open(session_id=UUID(int=1), agent=agent, at=AT)
    session.refresh(agent, AT + timedelta(hours=12) - timedelta(seconds=1))
    assert session.token_lasts(AT) == timedelta(minutes=15)
    assert session.token_lasts(AT + timedelta(hours=11, minutes=50)) == timedelta(minutes=10)
    with pytest.raises(LoginRefused):
        session.refresh(agent, AT + timedelta(hours=12))


def test_a_session_dies_with_logout_revocation_and_habilitation() -> None:
    agent = an_agent()
    session = Session.open(session_id=UUID(int=1), agent=agent, at=AT)
    later = AT + timedelta(minutes=1)
    reinstated = agent.revoked().habilitated(PAPER, by_agent=None)
    for dead, who in [(session.ended(later), agent), (session, agent.revoked()), (session, reinstated)]:
        with pytest.raises(LoginRefused):
            dead.refresh(who, later)
    assert session.ended(later).ended(AT + YEAR).ended_at == later


@pytest.mark.parametrize("path", ["/", "/carte", "/incidents/2026-95598-000001?vue=liste#bas", "/é"])
def test_a_local_path_is_accepted(path: str) -> None:
    assert local_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "carte",
        "https://evil.example/",
        "//evil.example/",
        "//[",
        "///evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "javascript:alert(1)",
        " /",
        "/a\r\nSet-Cookie: x=y",
    ],
)
def test_an_open_redirect_is_refused(path: str) -> None:
    with pytest.raises(NextPathRefused):
        local_path(path)


@given(st.text(max_size=30))
def test_whatever_is_accepted_stays_on_this_site(path: str) -> None:
    try:
        accepted = local_path(path)
    except NextPathRefused:
        return
    assert accepted.startswith("/")
    assert accepted[1:2] not in {"/", "\\"}


def test_the_pkce_challenge_is_the_one_of_rfc_7636_appendix_b() -> None:
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert code_challenge(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_two_attempts_share_nothing() -> None:
    one, other = (new_attempt("/", at=AT) for _ in range(2))
    secrets = {one.state, one.nonce, one.code_verifier, other.state, other.nonce, other.code_verifier}
    assert len(secrets) == 6
    assert all(len(secret) >= 43 for secret in secrets)  # RFC 7636: a verifier has at least 43 characters


@pytest.mark.parametrize("name", town_names())
def test_every_town_file_can_be_enrolled(name: str) -> None:
    town = load_town(name)
    employers = {organisation.organisation_id: organisation for organisation in town.organisations}
    for agent in town.agents:
        Agent.enrol(
            agent_id=agent.agent_id,
            name=agent.name,
            role=agent.role,
            organisation=employers[agent.organisation_id],
            communes=agent.communes,
            habilitation=PAPER,
        )
    assert {agent.agent_id for agent in town.agents} >= {"op.durand", "chef.martin", "admin.vigie", "dpo.leroy"}


def test_plaine_vallee_has_its_sixteen_communes_and_the_demonstration_people() -> None:
    town = load_town("plaine-vallee")
    employer = town.organisations[0]
    assert len(employer.communes) == 16
    people = {agent.agent_id: agent for agent in town.agents}
    assert people["op.soisy"].communes == frozenset({"95598"})
    assert people["cr.petit"].organisation_id == "croix-rouge-95"
    assert len(people) == 9
