"""Each rule by example, with the name it refuses under."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from policy import (
    RULES,
    Action,
    Agent,
    Authorisation,
    Camera,
    Context,
    Incident,
    Role,
    Share,
    Ticket,
    TicketPurpose,
    TownRules,
    Window,
    decide,
    matrix_csv,
    matrix_markdown,
    permissions,
    roles_allowed,
)
from policy.citations import citations

AT = datetime(2026, 7, 14, 22, 0, tzinfo=UTC)
YEAR = timedelta(days=365)
ARRETE = Authorisation(
    "A-1", "2026-07-001", AT - YEAR, AT + YEAR, recipients=frozenset({"police_nationale", "police_municipale"})
)
CAMERA = Camera("c1", "Gare", "95598", "en_service", has_ptz=True, masks_signed=True, authorisation=ARRETE)
NOTHING = Context()


def agent(role: str = "operateur", kind: str = "collectivite", **changes: Any) -> Agent:
    person = Agent(
        "op",
        "Op",
        role,
        "caplv",
        "CA Plaine Vallée",
        kind,
        frozenset({"95598"}),
        "H-1",
        AT - YEAR,
        AT + YEAR,
        active=True,
    )
    return replace(person, **changes)


def share(minutes: int = 60, *, ptz: bool = False, cameras: frozenset[str] = frozenset({"c1"})) -> Context:
    window = Window(AT, AT + timedelta(minutes=minutes))
    return Context(share=Share("s", "op", cameras, window, grants_ptz=ptz))


def in_incident(
    *cameras: str, insee: str = "95598", closed_days_ago: int | None = None, requisition_id: str | None = None
) -> Context:
    closed_at = None if closed_days_ago is None else AT - timedelta(days=closed_days_ago)
    incident = Incident("i", insee, frozenset(cameras), AT - timedelta(days=30), closed_at)
    return Context(incident_id="i", incident=incident, requisition_id=requisition_id)


def on_ticket(
    *cameras: str, purpose: TicketPurpose = TicketPurpose.MAINTENANCE, closed_at: datetime | None = None
) -> Context:
    return Context(
        ticket_id="t", ticket=Ticket("t", frozenset(cameras), AT - timedelta(days=3), closed_at, purpose=purpose)
    )


PN = agent("partenaire_pn", "police_nationale")
OTHER_MODE = replace(CAMERA, authorisation=replace(ARRETE, mode="DIFFERE_SUR_REQUISITION"))
EVENT = replace(
    CAMERA,
    authorisation=replace(ARRETE, mode="EVENEMENT", event_windows=(Window(AT, AT + timedelta(hours=2)),)),
)
RIGHT_OF_ACCESS = TicketPurpose.DROIT_D_ACCES
REFUSALS = [
    (agent(active=False), Action.LIVE, CAMERA, NOTHING, "agent_actif"),
    (agent(habilitation_until=AT), Action.LIVE, CAMERA, NOTHING, "habilitation_valide"),
    (agent(agrement_until=AT), Action.LIVE, CAMERA, NOTHING, "agrement_en_vigueur"),
    (agent(agrement_from=AT + timedelta(seconds=1)), Action.LIVE, CAMERA, NOTHING, "agrement_en_vigueur"),
    (agent(communes=frozenset({"95428"})), Action.LIVE, CAMERA, NOTHING, "commune_de_l_employeur"),
    (agent(), Action.VIEW_INCIDENT, None, Context(insee="95428"), "commune_de_l_employeur"),
    (agent("partenaire_croix_rouge", "association"), Action.LIVE, CAMERA, NOTHING, "association_sans_image"),
    (agent("admin"), Action.LIVE, CAMERA, NOTHING, "role_autorise"),
    (agent("maire"), Action.REPLAY, CAMERA, NOTHING, "role_autorise"),
    (agent("dpo"), Action.SNAPSHOT, CAMERA, NOTHING, "role_autorise"),
    (agent("auditeur"), Action.EXPORT, CAMERA, NOTHING, "role_autorise"),
    (agent(), Action.LIVE, None, NOTHING, "camera_connue"),
    (agent(), Action.LIVE, replace(CAMERA, authorisation=None), NOTHING, "autorisation_en_vigueur"),
    (
        agent("agent_relecture"),
        Action.REPLAY,
        replace(CAMERA, authorisation=None),
        NOTHING,
        "autorisation_ou_requisition",
    ),
    (agent("partenaire_sdis", "sdis"), Action.LIVE, CAMERA, share(), "destinataire_inscrit"),
    (agent("operateur", "autorite"), Action.LIVE, CAMERA, NOTHING, "destinataire_inscrit"),
    (agent(), Action.LIVE, OTHER_MODE, NOTHING, "mode_d_exploitation"),
    (agent("chef_de_salle"), Action.REPLAY, OTHER_MODE, NOTHING, "mode_d_exploitation"),
    (agent(), Action.LIVE, replace(CAMERA, masks_signed=False), NOTHING, "masques_signes"),
    (agent(), Action.LIVE, replace(CAMERA, status="en_panne"), NOTHING, "camera_en_service"),
    (agent(), Action.PTZ, replace(CAMERA, has_ptz=False), NOTHING, "camera_orientable"),
    (PN, Action.LIVE, CAMERA, NOTHING, "partage_nominatif"),
    (PN, Action.LIVE, CAMERA, Context(incident_id="i"), "partage_nominatif"),
    (PN, Action.LIVE, CAMERA, share(61), "partage_nominatif"),
    (PN, Action.LIVE, CAMERA, share(0), "partage_nominatif"),
    (PN, Action.LIVE, CAMERA, share(cameras=frozenset("abcd") | {"c1"}), "partage_nominatif"),
    (replace(PN, agent_id="autre"), Action.LIVE, CAMERA, share(), "partage_nominatif"),
    (PN, Action.PTZ, CAMERA, share(), "partage_nominatif"),
    (agent(), Action.REPLAY, CAMERA, NOTHING, "relecture_en_contexte"),
    (agent("chef_de_salle"), Action.EXPORT, CAMERA, Context(incident_id="i"), "extraction_en_contexte"),
    (agent("technicien"), Action.LIVE, CAMERA, NOTHING, "maintenance_sous_ticket"),
    (agent(), Action.REPLAY, CAMERA, Context(incident_id="i"), "incident_confirme"),
    (agent(), Action.REPLAY, CAMERA, in_incident("c2", insee="95428"), "incident_confirme"),
    (agent(), Action.REPLAY, CAMERA, in_incident("c2", closed_days_ago=0), "incident_confirme"),
    (agent(), Action.REPLAY, CAMERA, in_incident("c1", closed_days_ago=7), "incident_confirme"),
    (agent("chef_de_salle"), Action.EXPORT, CAMERA, Context(ticket_id="t"), "droit_d_acces_confirme"),
    (agent("chef_de_salle"), Action.EXPORT, CAMERA, on_ticket("c1"), "droit_d_acces_confirme"),
    (agent("technicien"), Action.LIVE, CAMERA, Context(ticket_id="t"), "ticket_confirme"),
    (agent("technicien"), Action.PTZ, CAMERA, on_ticket("c2"), "ticket_confirme"),
    (agent("technicien"), Action.LIVE, CAMERA, on_ticket("c1", closed_at=AT), "ticket_confirme"),
    (agent("technicien"), Action.SNAPSHOT, CAMERA, on_ticket("c1", purpose=RIGHT_OF_ACCESS), "ticket_confirme"),
]


@pytest.mark.parametrize(("who", "action", "camera", "context", "rule"), REFUSALS)
def test_refusal_names_its_rule(who: Agent, action: Action, camera: Camera | None, context: Context, rule: str) -> None:
    decision = decide(who, action, camera, context, AT)
    assert not decision.allowed
    assert decision.rule == rule
    assert decision.explanation


REPLAY_ROOM_ONLY = TownRules(replay_roles=frozenset({"agent_relecture"}))


@pytest.mark.parametrize("role", ["operateur", "chef_de_salle", "responsable_csu"])
def test_where_a_town_has_a_replay_room_the_control_room_does_not_replay(role: str) -> None:
    context = in_incident("c1", requisition_id="r")
    decision = decide(agent(role), Action.REPLAY, CAMERA, context, AT, town=REPLAY_ROOM_ONLY)
    assert decision.rule == "salle_de_relecture"
    assert decide(agent(role), Action.LIVE, CAMERA, NOTHING, AT, town=REPLAY_ROOM_ONLY).allowed
    assert decide(agent("agent_relecture"), Action.REPLAY, CAMERA, NOTHING, AT, town=REPLAY_ROOM_ONLY).allowed
    assert Action.REPLAY in permissions(agent(role), AT)
    assert Action.REPLAY not in permissions(agent(role), AT, town=REPLAY_ROOM_ONLY)


def test_images_go_dark_when_the_bus_was_silent_for_longer_than_the_town_allows() -> None:
    town, limit = TownRules(silence_allowed=timedelta(minutes=5)), timedelta(minutes=5)
    too_long = limit + timedelta(microseconds=1)
    assert decide(agent(), Action.LIVE, CAMERA, NOTHING, AT, town=town, silence=too_long).rule == "droits_a_jour"
    where = Context(insee="95598")
    assert decide(agent(), Action.VIEW_INCIDENT, None, where, AT, town=town, silence=too_long).allowed
    assert decide(agent(), Action.LIVE, CAMERA, NOTHING, AT, town=town, silence=limit).allowed


def test_every_rule_refuses_in_an_example() -> None:
    elsewhere = {"salle_de_relecture", "droits_a_jour"}
    assert {rule for *_, rule in REFUSALS} | elsewhere == {rule.name for rule in RULES}


ALLOWED = [
    (agent(), Action.LIVE, CAMERA, NOTHING),
    (agent(), Action.PTZ, CAMERA, NOTHING),
    (agent(agrement_until=AT + timedelta(seconds=1)), Action.LIVE, CAMERA, NOTHING),
    (agent(agrement_from=AT), Action.LIVE, CAMERA, NOTHING),
    (agent("admin", agrement_from=AT + timedelta(days=1)), Action.MANAGE_AGENTS, None, NOTHING),
    (agent("admin", agrement_until=AT), Action.MANAGE_AGENTS, None, NOTHING),
    (agent(), Action.REPLAY, CAMERA, in_incident("c1")),
    (agent(), Action.REPLAY, CAMERA, in_incident("c1", insee="95428", closed_days_ago=6)),
    (agent(), Action.REPLAY, CAMERA, in_incident("c2")),
    (agent(), Action.REPLAY, CAMERA, Context(incident_id="bogus", requisition_id="r")),
    (agent("chef_de_salle"), Action.EXPORT, CAMERA, on_ticket("c1", purpose=RIGHT_OF_ACCESS)),
    (agent(), Action.LIVE, OTHER_MODE, Context(requisition_id="r")),
    (agent(), Action.LIVE, EVENT, NOTHING),
    (agent("chef_de_salle"), Action.REPLAY, CAMERA, NOTHING),
    (agent("agent_relecture"), Action.REPLAY, replace(CAMERA, authorisation=None), Context(requisition_id="r")),
    (agent("agent_relecture"), Action.EXPORT, CAMERA, Context(requisition_id="r")),
    (agent("policier_municipal", "police_municipale"), Action.LIVE, CAMERA, NOTHING),
    (agent("technicien"), Action.LIVE, CAMERA, on_ticket("c1")),
    (PN, Action.LIVE, CAMERA, share()),
    (PN, Action.PTZ, CAMERA, share(ptz=True)),
    (agent("dpo", communes=frozenset()), Action.READ_REGISTER, None, Context(insee="95598")),
    (agent("partenaire_croix_rouge", "association"), Action.RECEIVE_DISPATCH, None, Context(insee="95598")),
    (agent("admin", communes=frozenset()), Action.MANAGE_AGENTS, None, Context(insee="00000")),
]


@pytest.mark.parametrize(("who", "action", "camera", "context"), ALLOWED)
def test_right_is_given(who: Agent, action: Action, camera: Camera | None, context: Context) -> None:
    assert decide(who, action, camera, context, AT).allowed


def test_event_camera_is_dark_the_second_its_window_ends() -> None:
    end = AT + timedelta(hours=2)
    assert decide(agent(), Action.LIVE, EVENT, NOTHING, end - timedelta(microseconds=1)).allowed
    assert decide(agent(), Action.LIVE, EVENT, NOTHING, end).rule == "mode_d_exploitation"


def test_existence_stays_hidden_behind_another_refusal() -> None:
    stranger = agent(communes=frozenset(), habilitation_until=AT)
    decision = decide(stranger, Action.LIVE, CAMERA, NOTHING, AT)
    assert (decision.rule, decision.hides_existence) == ("habilitation_valide", True)


def test_every_citation_of_the_table_is_in_the_data_and_no_other() -> None:
    assert {rule.citation for rule in RULES} | {"toutes_regles"} == set(citations())


def test_permissions_offer_the_room_and_nothing_to_the_revoked() -> None:
    assert Action.LIVE in permissions(agent(), AT)
    assert Action.READ_REGISTER not in permissions(agent(), AT)
    assert permissions(agent(active=False), AT) == frozenset()
    assert not permissions(agent("partenaire_pn", "association"), AT) & {Action.LIVE, Action.PTZ}


def test_matrix_shows_every_role_and_action() -> None:
    lines = matrix_csv().splitlines()
    assert lines[0].split(",")[1:] == [role.value for role in Role]
    assert [line.split(",")[0] for line in lines[1:]] == [action.value for action in Action]
    cells = dict(zip(lines[0].split(","), lines[1].split(","), strict=True))
    assert (cells["operateur"], cells["partenaire_pn"], cells["admin"]) == ("oui", "partage nominatif", "")
    assert matrix_markdown().count("\n") == len(Action) + 2


@pytest.mark.parametrize("action", list(Action))
def test_every_action_belongs_to_someone(action: Action) -> None:
    assert roles_allowed(action)
