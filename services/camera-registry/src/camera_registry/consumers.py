"""What the registry listens to: whether bytes come from a camera."""

from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.health_rules_file import health_rules
from camera_registry.repository.checks import BY_MEDIA
from camera_registry.use_cases.cameras import CameraUnknown
from camera_registry.use_cases.health import record_reachability
from common.consumer import Refused, Subscription
from contracts.envelope import Envelope
from contracts.stream import CameraReachabilityChanged


async def on_camera_reachability_changed(
    conn: AsyncConnection, envelope: Envelope, reachability: CameraReachabilityChanged
) -> None:
    """Keep the media plane's news of a camera; news of a camera nobody registered is refused."""
    try:
        await record_reachability(
            conn=conn,
            camera_id=reachability.camera_id,
            online=reachability.online,
            since=reachability.since,
            reason=reachability.reason,
            at=envelope.time,
            watched_by=BY_MEDIA,
            rules=health_rules(),
        )
    except CameraUnknown as error:
        raise Refused(str(error)) from error


SUBSCRIPTIONS = [
    Subscription(
        durable="camera-registry-on-camera-reachability-changed",
        stream="STREAM",
        filter_subject="vigie.*.stream.camera_reachability_changed.v1",
        payload=CameraReachabilityChanged,
        on_event=on_camera_reachability_changed,
    )
]
