"""What an agent could see, by camera and action, and what would open the rest."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from policy_worlds import AT, ELSEWHERE, FAULTS, Fault, sound

from policy import Action, Camera, Context, Incident, Opener, OrganisationKind, Role, decide, simulate

ACTIONS = (Action.LIVE, Action.PTZ, Action.REPLAY, Action.EXPORT)
CAMERA = sound(Role.OPERATEUR, Action.LIVE).camera
assert CAMERA is not None


def fleet() -> list[Camera]:
    assert CAMERA is not None
    assert CAMERA.authorisation is not None
    return [
        CAMERA,
        replace(CAMERA, camera_id="c2", has_ptz=False),
        replace(CAMERA, camera_id="c3", masks_signed=False),
        replace(CAMERA, camera_id="c4", authorisation=None),
        replace(CAMERA, camera_id="c5", authorisation=replace(CAMERA.authorisation, mode="DIFFERE_SUR_REQUISITION")),
        replace(CAMERA, camera_id="c6", insee=ELSEWHERE),
    ]


def test_the_rest_is_grouped_by_the_rule_that_refuses_and_by_what_would_open_it() -> None:
    agent = sound(Role.OPERATEUR, Action.LIVE).agent
    live, ptz, replay, export = simulate(agent, ACTIONS, fleet(), AT)
    assert live.allowed == ("c1", "c2")
    assert [(group.rule, group.opened_by, group.camera_ids) for group in live.refused] == [
        ("commune_de_l_employeur", (), ("c6",)),
        ("autorisation_en_vigueur", (), ("c4",)),
        ("mode_d_exploitation", (Opener.REQUISITION,), ("c5",)),
        ("masques_signes", (), ("c3",)),
    ]
    assert ptz.allowed == ("c1",)
    by_rule = {group.rule: group for group in replay.refused}
    assert by_rule["relecture_en_contexte"].opened_by == (Opener.INCIDENT, Opener.REQUISITION)
    assert by_rule["relecture_en_contexte"].camera_ids == ("c1", "c2", "c3")
    assert by_rule["autorisation_ou_requisition"].opened_by == (Opener.REQUISITION,)
    assert [group.rule for group in export.refused] == ["commune_de_l_employeur", "role_autorise"]


def test_a_technician_is_told_that_a_ticket_opens_and_a_partner_that_a_share_does() -> None:
    technician = sound(Role.TECHNICIEN, Action.LIVE).agent
    (live,) = simulate(technician, (Action.LIVE,), fleet()[:1], AT)
    assert [(group.rule, group.opened_by) for group in live.refused] == [("maintenance_sous_ticket", (Opener.TICKET,))]
    police = sound(Role.PARTENAIRE_PN, Action.LIVE).agent
    assert police.organisation_kind == OrganisationKind.POLICE_NATIONALE
    (live,) = simulate(police, (Action.LIVE,), fleet()[:1], AT)
    assert [(group.rule, group.opened_by) for group in live.refused] == [("partage_nominatif", (Opener.PARTAGE,))]
    red_cross = sound(Role.PARTENAIRE_CROIX_ROUGE, Action.LIVE).agent
    (live,) = simulate(red_cross, (Action.LIVE,), fleet()[:1], AT)
    assert [(group.rule, group.opened_by) for group in live.refused] == [("association_sans_image", ())]


@given(st.sampled_from(list(Role)), st.sampled_from(list(Action)), st.lists(st.sampled_from(FAULTS), max_size=2))
def test_a_simulation_and_the_decision_never_differ(role: Role, action: Action, faults: list[Fault]) -> None:
    broken = sound(role, action)
    for fault in faults:
        broken = fault.happens(broken)
    agent = broken.agent
    cameras = [*fleet(), *([replace(broken.camera, camera_id="c7")] if broken.camera else [])]
    (outlook,) = simulate(agent, (action,), cameras, AT, town=broken.town, silence=broken.silence)
    told = dict.fromkeys(outlook.allowed, "toutes_regles")
    told |= {camera_id: group.rule for group in outlook.refused for camera_id in group.camera_ids}
    for camera in cameras:
        decision = decide(agent, action, camera, Context(), AT, town=broken.town, silence=broken.silence)
        assert told[camera.camera_id] == decision.rule
    for group in outlook.refused:
        if Opener.INCIDENT in group.opened_by:
            opened = next(camera for camera in cameras if camera.camera_id == group.camera_ids[0])
            incident = Incident("i", opened.insee, frozenset({opened.camera_id}), AT)
            context = Context(incident_id="i", incident=incident)
            assert decide(agent, action, opened, context, AT, town=broken.town, silence=broken.silence).allowed
