"""The ONVIF event service (ver10/events): real-time pull points that report the motion detector."""

import asyncio
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from camera_simulator.camera import Camera, MotionChange
from camera_simulator.onvif.durations import duration_seconds
from camera_simulator.onvif.operations import VIDEO_SOURCE_CONFIGURATION, Call, Operation
from camera_simulator.onvif.quirks import Quirk
from camera_simulator.onvif.reports import Report, ReportKind
from camera_simulator.onvif.soap import SoapFaultError, text, timestamp

TOPIC = "tns1:RuleEngine/CellMotionDetector/Motion"
TOPIC_DIALECT = "http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet"
DEFAULT_LIFETIME_SECONDS = 60.0
MAX_LIFETIME_SECONDS = 3600.0
MAX_PULL_SECONDS = 60.0
DEFAULT_PULL_SECONDS = 5.0
MAX_MESSAGES = 100
MAX_SUBSCRIPTIONS_PER_CAMERA = 10


@dataclass(slots=True)
class PullPoint:
    """A client's subscription; what it has not pulled yet is computed, not queued."""

    camera: Camera
    expires_at: float
    told_up_to: float | None = None  # None until the initial state has been told
    reports_told: int = 0

    def pending(self, now: float, limit: int) -> list[tuple[MotionChange, str]]:
        """Changes not told yet, oldest first, with ONVIF's property operation; marks them as told."""
        pending: list[tuple[MotionChange, str]] = []
        if self.told_up_to is None:
            pending.append((self.camera.motion_at(now), "Initialized"))
            self.told_up_to = now
        while len(pending) < limit:
            change = self.camera.next_motion_change(self.told_up_to)
            if change.at > now:
                break
            pending.append((change, "Changed"))
            self.told_up_to = change.at
        return pending

    def reports(self) -> list[Report]:
        """Reports not told yet; marks them as told."""
        fresh = self.camera.reports.after(self.reports_told)
        self.reports_told = self.camera.reports.count
        return fresh

    def next_change_at(self, now: float) -> float:
        """When there will be something to tell."""
        return self.camera.next_motion_change(self.told_up_to if self.told_up_to is not None else now).at


class EventService:
    """The subscriptions of all cameras."""

    def __init__(self) -> None:
        self._pull_points: dict[str, PullPoint] = {}
        self.operations: dict[str, Operation] = {
            "CreatePullPointSubscription": self._create,
            "PullMessages": self._pull,
            "SetSynchronizationPoint": self._synchronize,
            "Renew": self._renew,
            "Unsubscribe": self._unsubscribe,
            "GetEventProperties": _get_event_properties,
            "GetServiceCapabilities": _get_service_capabilities,
        }

    async def _create(self, call: Call) -> str:
        self._forget_expired(call.now)
        held = sum(point.camera is call.camera for point in self._pull_points.values())
        if held >= MAX_SUBSCRIPTIONS_PER_CAMERA:
            raise SoapFaultError("too many subscriptions", "ter:CapabilityViolated", sender=False, status=500)
        token = secrets.token_hex(8)
        lifetime = _lifetime(call, "tev:InitialTerminationTime")
        self._pull_points[token] = PullPoint(call.camera, call.now + lifetime, reports_told=call.camera.reports.count)
        address = call.service_url(f"subscriptions/{token}")
        return (
            "<tev:CreatePullPointSubscriptionResponse><tev:SubscriptionReference>"
            f"<wsa:Address>{text(address)}</wsa:Address></tev:SubscriptionReference>"
            f"{_times(call.utc_now, lifetime, 'wsnt')}</tev:CreatePullPointSubscriptionResponse>"
        )

    async def _pull(self, call: Call) -> str:
        point = self._pull_point(call)
        wanted = call.request.value("tev:Timeout")
        timeout = DEFAULT_PULL_SECONDS if wanted is None else min(duration_seconds(wanted), MAX_PULL_SECONDS)
        asked = call.request.value("tev:MessageLimit", "1") or "1"
        limit = max(1, min(int(asked), MAX_MESSAGES)) if asked.isdecimal() else 1
        changes, reports = point.pending(call.now, limit), point.reports()
        waited = 0.0
        if not changes and not reports:
            loop = asyncio.get_running_loop()
            await call.camera.reports.wait(min(timeout, max(0.0, point.next_change_at(call.now) - call.now)))
            waited = loop.time() - call.now
            changes, reports = point.pending(call.now + waited, limit), point.reports()
        if Quirk.NO_RENEW in call.camera.quirks:
            point.expires_at = call.now + waited + DEFAULT_LIFETIME_SECONDS
        messages = "".join(
            _message(change, operation, call.utc_now + timedelta(seconds=change.at - call.now))
            for change, operation in changes
        ) + "".join(_report(report, call.utc_now + timedelta(seconds=report.at - call.now)) for report in reports)
        left = max(0.0, point.expires_at - call.now - waited)
        times = _times(call.utc_now + timedelta(seconds=waited), left, "tev")
        return f"<tev:PullMessagesResponse>{times}{messages}</tev:PullMessagesResponse>"

    async def _synchronize(self, call: Call) -> str:
        self._pull_point(call).told_up_to = None
        return "<tev:SetSynchronizationPointResponse/>"

    async def _renew(self, call: Call) -> str:
        point = self._pull_point(call)
        if Quirk.NO_RENEW in call.camera.quirks:
            raise SoapFaultError("Renew is not supported", "ter:ActionNotSupported", status=500)
        lifetime = _lifetime(call, "wsnt:TerminationTime")
        point.expires_at = call.now + lifetime
        termination = timestamp(call.utc_now + timedelta(seconds=lifetime))
        return (
            f"<wsnt:RenewResponse><wsnt:TerminationTime>{termination}</wsnt:TerminationTime>"
            f"<wsnt:CurrentTime>{timestamp(call.utc_now)}</wsnt:CurrentTime></wsnt:RenewResponse>"
        )

    def forget_all(self, camera: Camera) -> None:
        """Lose every subscription to a camera, as a reboot does."""
        for token in [token for token, point in self._pull_points.items() if point.camera is camera]:
            del self._pull_points[token]

    async def _unsubscribe(self, call: Call) -> str:
        self._pull_point(call)
        del self._pull_points[call.subscription]
        return "<wsnt:UnsubscribeResponse/>"

    def _pull_point(self, call: Call) -> PullPoint:
        self._forget_expired(call.now)
        point = self._pull_points.get(call.subscription)
        if point is None or point.camera is not call.camera:
            raise SoapFaultError("no such subscription", "ter:InvalidArgVal", "ter:ResourceUnknownFault")
        return point

    def _forget_expired(self, now: float) -> None:
        for token in [token for token, point in self._pull_points.items() if point.expires_at < now]:
            del self._pull_points[token]


_REPORTED = {
    ReportKind.TAMPER: ("tns1:RuleEngine/TamperDetector/Tamper", "Rule", "Tamper-1", "IsTamper"),
    ReportKind.LINE: ("tns1:RuleEngine/LineDetector/Crossed", "Rule", "Line-1", "ObjectId"),
    ReportKind.CONTACT: ("tns1:Device/Trigger/DigitalInput", "InputToken", "Door", "LogicalState"),
}
"""Topic, source item with its value, and data item of a report."""

_REPORTED_TOPICS = (
    '<TamperDetector><Tamper wstop:topic="true"/></TamperDetector>'
    '<LineDetector><Crossed wstop:topic="true"/></LineDetector></tns1:RuleEngine>'
    '<tns1:Device><Trigger><DigitalInput wstop:topic="true"/></Trigger></tns1:Device>'
)


def _report(report: Report, at: datetime) -> str:
    topic, source, named, item = _REPORTED[report.kind]
    lasting = report.active is not None
    operation = ' PropertyOperation="Changed"' if lasting else ""
    value = str(report.active).lower() if lasting else "1"
    return (
        f'<wsnt:NotificationMessage><wsnt:Topic Dialect="{TOPIC_DIALECT}">{topic}</wsnt:Topic><wsnt:Message>'
        f'<tt:Message UtcTime="{timestamp(at)}"{operation}><tt:Source>'
        f'<tt:SimpleItem Name="{source}" Value="{named}"/></tt:Source>'
        f'<tt:Data><tt:SimpleItem Name="{item}" Value="{value}"/></tt:Data></tt:Message>'
        "</wsnt:Message></wsnt:NotificationMessage>"
    )


async def _get_event_properties(_call: Call) -> str:
    return (
        "<tev:GetEventPropertiesResponse>"
        "<tev:TopicNamespaceLocation>http://www.onvif.org/onvif/ver10/topics/topicns.xml</tev:TopicNamespaceLocation>"
        "<wsnt:FixedTopicSet>true</wsnt:FixedTopicSet>"
        '<wstop:TopicSet xmlns:wstop="http://docs.oasis-open.org/wsn/t-1"><tns1:RuleEngine><CellMotionDetector>'
        '<Motion wstop:topic="true"><tt:MessageDescription IsProperty="true"><tt:Source>'
        '<tt:SimpleItemDescription Name="VideoSourceConfigurationToken" Type="tt:ReferenceToken"/></tt:Source>'
        '<tt:Data><tt:SimpleItemDescription Name="IsMotion" Type="xsd:boolean"/></tt:Data></tt:MessageDescription>'
        f"</Motion></CellMotionDetector>{_REPORTED_TOPICS}</wstop:TopicSet>"
        f"<wsnt:TopicExpressionDialect>{TOPIC_DIALECT}</wsnt:TopicExpressionDialect>"
        "<tev:MessageContentFilterDialect>http://www.onvif.org/ver10/tev/messageContentFilter/ItemFilter"
        "</tev:MessageContentFilterDialect>"
        "<tev:MessageContentSchemaLocation>http://www.onvif.org/onvif/ver10/schema/onvif.xsd"
        "</tev:MessageContentSchemaLocation></tev:GetEventPropertiesResponse>"
    )


async def _get_service_capabilities(_call: Call) -> str:
    return (
        '<tev:GetServiceCapabilitiesResponse><tev:Capabilities WSSubscriptionPolicySupport="false"'
        f' WSPullPointSupport="true" MaxPullPoints="{MAX_SUBSCRIPTIONS_PER_CAMERA}"/>'
        "</tev:GetServiceCapabilitiesResponse>"
    )


def _lifetime(call: Call, path: str) -> float:
    wanted = call.request.value(path)
    if wanted is None:
        return DEFAULT_LIFETIME_SECONDS
    if wanted.startswith("P"):
        return min(duration_seconds(wanted), MAX_LIFETIME_SECONDS)
    try:
        seconds = (datetime.fromisoformat(wanted) - call.utc_now).total_seconds()
    except (ValueError, TypeError) as error:
        raise SoapFaultError(f"{wanted} is no termination time", "ter:InvalidArgVal") from error
    return min(max(0.0, seconds), MAX_LIFETIME_SECONDS)


def _times(utc_now: datetime, lifetime: float, prefix: str) -> str:
    end = timestamp(utc_now + timedelta(seconds=lifetime))
    return (
        f"<{prefix}:CurrentTime>{timestamp(utc_now)}</{prefix}:CurrentTime>"
        f"<{prefix}:TerminationTime>{end}</{prefix}:TerminationTime>"
    )


def _message(change: MotionChange, operation: str, at: datetime) -> str:
    return (
        f'<wsnt:NotificationMessage><wsnt:Topic Dialect="{TOPIC_DIALECT}">{TOPIC}</wsnt:Topic><wsnt:Message>'
        f'<tt:Message UtcTime="{timestamp(at)}" PropertyOperation="{operation}"><tt:Source>'
        f'<tt:SimpleItem Name="VideoSourceConfigurationToken" Value="{VIDEO_SOURCE_CONFIGURATION}"/></tt:Source>'
        f'<tt:Data><tt:SimpleItem Name="IsMotion" Value="{str(change.moving).lower()}"/></tt:Data></tt:Message>'
        "</wsnt:Message></wsnt:NotificationMessage>"
    )
