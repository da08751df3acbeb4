"""Whose fault a refusal of the policy is: the camera's, nobody's, or else the agent's."""

CAMERA_RULES = frozenset(
    {
        "camera_connue",
        "autorisation_en_vigueur",
        "mode_d_exploitation",
        "masques_signes",
        "camera_en_service",
    }
)
"""Rules of the policy that fail because of the camera; all others fail because of the agent."""

SILENCE_RULE = "droits_a_jour"
"""Fails because of neither: nobody knows whether the agent still has the right. It may be asked again later."""
