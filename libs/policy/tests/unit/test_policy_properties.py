"""What must hold for every agent, camera, context and second."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from policy import (
    IMAGE_ACTIONS,
    LIVE_ACTIONS,
    RULES,
    Action,
    Agent,
    Authorisation,
    Camera,
    CameraStatus,
    Context,
    Incident,
    OperatingMode,
    OrganisationKind,
    Role,
    Share,
    Ticket,
    TicketPurpose,
    TownRules,
    Window,
    decide,
    explain,
    permissions,
)

ORIGIN = datetime(2026, 6, 1, tzinfo=UTC)
COMMUNES = ("95598", "95428", "95210", "95197")
WIDER_ROLES = (
    (Role.OPERATEUR, Role.CHEF_DE_SALLE),
    (Role.CHEF_DE_SALLE, Role.RESPONSABLE_CSU),
    (Role.PARTENAIRE_SDIS, Role.PARTENAIRE_PN),
)

instants = st.integers(-200, 200).map(lambda hours: ORIGIN + timedelta(hours=hours))
communes = st.frozensets(st.sampled_from(COMMUNES))
windows = st.tuples(instants, st.integers(0, 3)).map(lambda w: Window(w[0], w[0] + timedelta(hours=w[1])))

agents = st.builds(
    Agent,
    agent_id=st.sampled_from(["a", "b"]),
    name=st.just("Agent"),
    role=st.sampled_from([*(role.value for role in Role), "inconnu"]),
    organisation_id=st.just("org"),
    organisation_name=st.just("Organisation"),
    organisation_kind=st.sampled_from([*(kind.value for kind in OrganisationKind), "inconnue"]),
    communes=communes,
    habilitation_id=st.none() | st.just("H-1"),
    habilitation_from=st.none() | instants,
    habilitation_until=st.none() | instants,
    active=st.booleans(),
    agrement_until=st.none() | instants,
    agrement_from=st.none() | instants,
)
authorisations = st.builds(
    Authorisation,
    authorisation_id=st.just("A-1"),
    arrete_number=st.just("2026-1"),
    valid_from=instants,
    valid_until=instants,
    mode=st.sampled_from([*(mode.value for mode in OperatingMode), "AUTRE"]),
    event_windows=st.lists(windows, max_size=2).map(tuple),
    retention_days=st.integers(1, 30),
    recipients=st.frozensets(st.sampled_from([kind.value for kind in OrganisationKind])),
)
cameras = st.builds(
    Camera,
    camera_id=st.sampled_from(["c1", "c2"]),
    label=st.just("Place de la mairie"),
    insee=st.sampled_from(COMMUNES),
    status=st.sampled_from([status.value for status in CameraStatus]),
    has_ptz=st.booleans(),
    masks_signed=st.booleans(),
    authorisation=st.none() | authorisations,
)
shares = st.builds(
    Share,
    share_id=st.just("s"),
    agent_id=st.sampled_from(["a", "b"]),
    camera_ids=st.frozensets(st.sampled_from(["c1", "c2", "c3", "c4", "c5"])),
    window=windows,
    grants_ptz=st.booleans(),
)
listed = st.frozensets(st.sampled_from(["c1", "c2"]))
incidents = st.builds(
    Incident,
    incident_id=st.just("i"),
    insee=st.sampled_from(COMMUNES),
    camera_ids=listed,
    opened_at=instants,
    closed_at=st.none() | instants,
)
tickets = st.builds(
    Ticket,
    ticket_id=st.just("t"),
    camera_ids=listed,
    opened_at=instants,
    closed_at=st.none() | instants,
    purpose=st.sampled_from([*(purpose.value for purpose in TicketPurpose), "autre"]),
)
contexts = st.builds(
    Context,
    incident_id=st.none() | st.just("i"),
    requisition_id=st.none() | st.just("r"),
    ticket_id=st.none() | st.just("t"),
    share=st.none() | shares,
    insee=st.none() | st.sampled_from(COMMUNES),
    incident=st.none() | incidents,
    ticket=st.none() | tickets,
)
actions = st.sampled_from(list(Action))
requests = st.tuples(agents, actions, st.none() | cameras, contexts, instants)
Question = tuple[Agent, Action, Camera | None, Context, datetime]


def asked_by(agent: Agent, question: Question) -> Question:
    """Return the same question from another agent."""
    return (agent, *question[1:])


@st.composite
def likely(draw: st.DrawFn) -> Question:
    """Draw questions that are often allowed, so that monotonicity has something to hold."""
    agent = replace(
        draw(agents),
        active=True,
        agrement_until=None,
        agrement_from=None,
        habilitation_id="H-1",
        habilitation_from=ORIGIN - timedelta(days=90),
        habilitation_until=ORIGIN + timedelta(days=90),
        communes=draw(communes) | {COMMUNES[0]},
        role=draw(st.sampled_from(list(Role))),
        organisation_kind=draw(st.sampled_from(["collectivite", "police_nationale", "sdis"])),
    )
    authorisation = Authorisation(
        "A-1",
        "2026-1",
        ORIGIN - timedelta(days=90),
        ORIGIN + timedelta(days=90),
        recipients=frozenset({"police_nationale", "sdis"}),
    )
    camera = Camera(
        "c1", "Place", COMMUNES[0], "en_service", has_ptz=True, masks_signed=True, authorisation=authorisation
    )
    at = draw(instants)
    share = Share("s", agent.agent_id, frozenset({"c1"}), Window(at, at + timedelta(minutes=60)), grants_ptz=True)
    open_incident = Incident("i", COMMUNES[0], frozenset(), at)
    purpose = draw(st.sampled_from(list(TicketPurpose)))
    context = Context(
        draw(st.none() | st.just("i")),
        draw(st.none() | st.just("r")),
        draw(st.none() | st.just("t")),
        share,
        incident=open_incident,
        ticket=Ticket("t", frozenset({"c1"}), at, purpose=purpose),
    )
    return agent, draw(actions), camera, context, at


@given(requests)
@settings(max_examples=600)
def test_every_question_has_an_answer_with_rule_and_citation(question: Question) -> None:
    decision = decide(*question)
    known = {rule.name for rule in RULES} | {"toutes_regles"}
    assert decision.rule in known
    assert decision.citation
    assert decision.allowed == (decision.rule == "toutes_regles")
    assert not (decision.allowed and decision.hides_existence)


@given(requests)
def test_explanation_and_decision_agree(question: Question) -> None:
    explanation = explain(*question)
    assert explanation.decision == decide(*question)
    refusing = [step.rule for step in explanation.steps if not step.passed]
    assert explanation.decision.rule == (refusing[0] if refusing else "toutes_regles")
    assert all(step.passed for step in explanation.steps if not step.applies)


@given(likely())
def test_unknown_role_may_do_nothing(question: Question) -> None:
    stranger = replace(question[0], role="inconnu")
    assert not decide(*asked_by(stranger, question)).allowed


@given(likely())
def test_association_never_gets_an_image(question: Question) -> None:
    agent, action = question[:2]
    decision = decide(*asked_by(replace(agent, organisation_kind="association"), question))
    assert not (decision.allowed and action in IMAGE_ACTIONS)
    if action in IMAGE_ACTIONS:
        assert decision.rule == "association_sans_image"


@given(likely())
def test_red_cross_role_never_gets_an_image_whatever_its_employer(question: Question) -> None:
    agent, action = question[:2]
    decision = decide(*asked_by(replace(agent, role=Role.PARTENAIRE_CROIX_ROUGE), question))
    assert not (decision.allowed and action in IMAGE_ACTIONS)


@given(likely(), st.sampled_from(["revoked", "no_paper", "not_yet", "just_ended"]))
def test_no_right_without_active_account_and_habilitation(question: Question, fault: str) -> None:
    agent, action, camera, context, at = question
    broken = {
        "revoked": replace(agent, active=False),
        "no_paper": replace(agent, habilitation_id=None),
        "not_yet": replace(agent, habilitation_from=at + timedelta(microseconds=1)),
        "just_ended": replace(agent, habilitation_until=at),
    }[fault]
    assert not decide(broken, action, camera, context, at).allowed


@given(likely(), st.none() | instants, st.none() | instants)
def test_an_image_needs_the_agrement_of_that_very_second(
    question: Question, starts: datetime | None, ends: datetime | None
) -> None:
    agent, action, camera, context, at = question
    bounded = decide(replace(agent, agrement_from=starts, agrement_until=ends), action, camera, context, at)
    in_force = (starts is None or starts <= at) and (ends is None or at < ends)
    if action in IMAGE_ACTIONS and not in_force:
        assert not bounded.allowed
    else:
        assert bounded == decide(*question)


@given(likely())
def test_an_agrement_counts_from_its_first_second_to_the_one_before_its_end(question: Question) -> None:
    agent, action, camera, context, at = question
    instant = timedelta(microseconds=1)
    first = replace(agent, agrement_from=at, agrement_until=at + instant)
    assert decide(first, action, camera, context, at) == decide(*question)
    if action in IMAGE_ACTIONS:
        for outside in (
            replace(agent, agrement_from=at + instant, agrement_until=at + 2 * instant),
            replace(agent, agrement_from=at - instant, agrement_until=at),
        ):
            assert not decide(outside, action, camera, context, at).allowed


@given(likely())
def test_other_commune_is_refused_and_hidden(question: Question) -> None:
    agent, action, camera, context, at = question
    assert camera is not None
    outside = replace(agent, communes=agent.communes - {camera.insee})
    decision = decide(outside, action, camera, context, at)
    if action in {Action.READ_REGISTER, Action.VERIFY_REGISTER} and agent.role in {Role.DPO, Role.AUDITEUR}:
        assert decision.allowed
    else:
        assert not decision.allowed
        assert decision.hides_existence


@given(likely(), st.sampled_from(["absent", "expired", "future"]))
def test_no_live_without_authorisation_at_that_second(question: Question, fault: str) -> None:
    agent, action, camera, context, at = question
    assert camera is not None
    assert camera.authorisation is not None
    broken = {
        "absent": None,
        "expired": replace(camera.authorisation, valid_until=at),
        "future": replace(camera.authorisation, valid_from=at + timedelta(microseconds=1)),
    }[fault]
    decision = decide(agent, action, replace(camera, authorisation=broken), context, at)
    if action in LIVE_ACTIONS:
        assert not decision.allowed
    elif action in IMAGE_ACTIONS and decision.allowed:
        assert context.requisition_id is not None


@given(likely(), communes)
def test_adding_communes_never_removes_a_right(question: Question, more: frozenset[str]) -> None:
    agent = question[0]
    if decide(*question).allowed:
        assert decide(*asked_by(replace(agent, communes=agent.communes | more), question)).allowed


@given(likely(), st.sampled_from(WIDER_ROLES))
def test_a_wider_role_keeps_every_right(question: Question, pair: tuple[Role, Role]) -> None:
    agent = question[0]
    narrow, wide = pair
    if decide(*asked_by(replace(agent, role=narrow), question)).allowed:
        assert decide(*asked_by(replace(agent, role=wide), question)).allowed


@given(likely())
def test_more_context_never_removes_a_right(question: Question) -> None:
    agent, action, camera, context, at = question
    if decide(agent, action, camera, context, at).allowed:
        for fuller in (
            replace(context, incident_id="i", requisition_id="r", ticket_id="t"),
            replace(context, incident_id=context.incident_id or "bogus", incident=context.incident),
        ):
            assert decide(agent, action, camera, fuller, at).allowed


@given(likely(), st.integers(0, 400), st.integers(0, 400))
def test_longer_papers_never_remove_a_right(question: Question, earlier: int, later: int) -> None:
    agent, action, camera, context, at = question
    if not decide(*question).allowed:
        return
    assert camera is not None
    assert camera.authorisation is not None
    assert agent.habilitation_from is not None
    assert agent.habilitation_until is not None
    before, after = timedelta(days=earlier), timedelta(days=later)
    longer = replace(
        agent,
        habilitation_from=agent.habilitation_from - before,
        habilitation_until=agent.habilitation_until + after,
        agrement_until=at + timedelta(microseconds=1) + after,
        agrement_from=at - before,
    )
    arrete = replace(
        camera.authorisation,
        valid_from=camera.authorisation.valid_from - before,
        valid_until=camera.authorisation.valid_until + after,
    )
    assert decide(longer, action, replace(camera, authorisation=arrete), context, at).allowed


@given(likely() | requests, st.frozensets(st.sampled_from([kind.value for kind in OrganisationKind])), windows)
def test_a_wider_arrete_never_removes_a_right(question: Question, kinds: frozenset[str], window: Window) -> None:
    agent, action, camera, context, at = question
    if camera is None or camera.authorisation is None or not decide(*question).allowed:
        return
    arrete = camera.authorisation
    wider = replace(arrete, recipients=arrete.recipients | kinds, event_windows=(*arrete.event_windows, window))
    assert decide(agent, action, replace(camera, authorisation=wider), context, at).allowed
    if arrete.mode == OperatingMode.EVENEMENT:
        direct = replace(wider, mode=OperatingMode.DIRECT)
        assert decide(agent, action, replace(camera, authorisation=direct), context, at).allowed


@given(likely(), st.frozensets(st.sampled_from([role.value for role in Role])), st.integers(0, 120))
def test_a_town_only_ever_restricts(question: Question, roles: frozenset[str], minutes: int) -> None:
    silence = timedelta(minutes=minutes)
    town = TownRules(replay_roles=roles, silence_allowed=timedelta(minutes=15))
    if decide(*question, town=town, silence=silence).allowed:
        assert decide(*question).allowed
        assert question[1] not in IMAGE_ACTIONS or silence <= town.silence_allowed


@given(likely(), incidents, tickets)
def test_a_reference_that_was_not_confirmed_opens_nothing(
    question: Question, incident: Incident, ticket: Ticket
) -> None:
    agent, action, camera, context, at = question
    assert camera is not None
    bare = replace(context, incident_id=None, requisition_id=None, ticket_id=None, incident=None, ticket=None)
    named = replace(bare, incident_id="i", ticket_id="t", incident=incident, ticket=ticket)
    if decide(agent, action, camera, named, at).allowed and not decide(agent, action, camera, bare, at).allowed:
        by_ticket = any(ticket.covers(camera, purpose, at) for purpose in TicketPurpose)
        assert incident.concerns(camera, at) or by_ticket


@given(likely() | requests, st.text(" \t\n\r\u00a0\u2003", max_size=3))
def test_a_blank_context_changes_nothing(question: Question, blank: str) -> None:
    agent, action, camera, context, at = question
    bare = replace(context, incident_id=None, requisition_id=None, ticket_id=None)
    blanks = replace(context, incident_id=blank, requisition_id=blank, ticket_id=blank)
    assert explain(agent, action, camera, blanks, at) == explain(agent, action, camera, bare, at)


@given(requests)
def test_nothing_outside_the_permissions_is_ever_allowed(question: Question) -> None:
    agent, action, _, _, at = question
    if decide(*question).allowed:
        assert action in permissions(agent, at)
