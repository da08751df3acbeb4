"""Every fact that travels, with its payload: what the AsyncAPI document and a newcomer read."""

from dataclasses import dataclass

from contracts import access, dispatch, incident, registry, retention, rondes, stream
from contracts.envelope import Payload, event_type


@dataclass(frozen=True, slots=True)
class Fact:
    """One kind of event: its owner's token in the subject, its name, its payload."""

    owner: str
    name: str
    payload: type[Payload]

    @property
    def type(self) -> str:
        """CloudEvents type, e.g. ``vigie.incident.incident_opened.v1``."""
        return event_type(self.owner, self.name)

    @property
    def subject(self) -> str:
        """NATS subject with the commune as a parameter."""
        return f"vigie.{{insee}}.{self.owner}.{self.name}.v1"


FACTS: tuple[Fact, ...] = (
    Fact(registry.OWNER, registry.FACT_CAMERA_CHANGED, registry.CameraChanged),
    Fact(registry.OWNER, registry.FACT_AUTHORISATION_RECORDED, registry.AuthorisationRecorded),
    Fact(registry.OWNER, registry.FACT_CAMERA_HEALTH_CHANGED, registry.CameraHealthChanged),
    Fact(registry.OWNER, registry.FACT_AUTHORISATION_WARNING, registry.AuthorisationWarning),
    Fact(registry.OWNER, registry.FACT_ALARM_RAISED, registry.AlarmRaised),
    Fact(registry.OWNER, registry.FACT_MASKS_CHANGED, registry.MasksChanged),
    Fact(stream.OWNER, stream.FACT_SESSION_OPENED, stream.SessionOpened),
    Fact(stream.OWNER, stream.FACT_SESSION_CLOSED, stream.SessionClosed),
    Fact(stream.OWNER, stream.FACT_SESSION_SWITCHED, stream.SessionSwitched),
    Fact(stream.OWNER, rondes.FACT_SCREEN_CHANGED, rondes.ScreenChanged),
    Fact(stream.OWNER, rondes.FACT_RONDE_RUN_CHANGED, rondes.RondeRunChanged),
    Fact(stream.OWNER, rondes.FACT_RONDE_STEP, rondes.RondeStepNoted),
    Fact(stream.OWNER, stream.FACT_CAMERA_REACHABILITY, stream.CameraReachabilityChanged),
    Fact(stream.OWNER, stream.FACT_PTZ_TAKEN, stream.PtzTaken),
    Fact(stream.OWNER, stream.FACT_PTZ_RELEASED, stream.PtzReleased),
    Fact(stream.OWNER, stream.FACT_BOOKMARK_ADDED, stream.BookmarkAdded),
    Fact(stream.OWNER, stream.FACT_BOOKMARK_REMOVED, stream.BookmarkRemoved),
    Fact(stream.SEGMENT_OWNER, stream.FACT_SEGMENT_RECORDED, stream.SegmentRecorded),
    Fact(stream.SEGMENT_OWNER, stream.FACT_GAP_DECLARED, stream.GapDeclared),
    Fact(incident.OWNER, incident.FACT_INCIDENT_OPENED, incident.IncidentOpened),
    Fact(incident.OWNER, incident.FACT_INCIDENT_TRANSITIONED, incident.IncidentTransitioned),
    Fact(incident.OWNER, incident.FACT_INCIDENT_TRANSMITTED, incident.IncidentTransmitted),
    Fact(dispatch.OWNER, dispatch.FACT_DISPATCH_CHANGED, dispatch.DispatchChanged),
    Fact(retention.OWNER, retention.FACT_SEGMENTS_DESTROYED, retention.SegmentsDestroyed),
    Fact(retention.OWNER, retention.FACT_HOLD_PLACED, retention.HoldPlaced),
    Fact(retention.OWNER, retention.FACT_HOLD_LIFTED, retention.HoldLifted),
    Fact(access.OWNER, access.FACT_AGENT_CHANGED, access.AgentChanged),
    Fact(access.OWNER, access.FACT_AGENT_REVOKED, access.AgentChanged),
    Fact(access.OWNER, access.FACT_AGENT_PAPER_WARNING, access.AgentPaperWarning),
    Fact(access.REGISTER_OWNER, access.FACT_REGISTER_ENTRY, access.RegisterEntry),
)
