"""Real-time pull-point subscription (ONVIF Core §9.2): subscribe, pull, renew, and say when it is lost."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass

from camera_registry.domain.camera import Credentials
from camera_registry.onvif.client import DeviceAway, DeviceFault, DeviceTrouble, NotOnvif, OnvifDevice
from camera_registry.onvif.readings import capabilities_in, services_in
from camera_registry.onvif.soap import DEVICE, EVENTS, SUBSCRIPTIONS, Operation, reference_parameters
from camera_registry.onvif.xml_tree import Node

_ACTIONS = "http://www.onvif.org/ver10/events/wsdl"
_MANAGER = "http://docs.oasis-open.org/wsn/bw-2/SubscriptionManager"
MESSAGE_LIMIT = 100
_SOONEST_SECONDS = 0.2
_IDLE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds: ``within`` bounds a call, ``hold`` is how long a pull may wait, ``lifetime`` what is subscribed for."""

    within: float = 8.0
    hold: float = 20.0
    lifetime: float = 60.0


@dataclass(frozen=True, slots=True)
class _Subscription:
    address: str
    header: str


async def messages(url: str, credentials: Credentials | None, pace: Pace) -> AsyncGenerator[Node, None]:
    """Yield each answer to a pull, the first as soon as the subscription stands, until the device is lost.

    Raises:
        DeviceTrouble: it cannot be subscribed to, or no longer answers; the caller decides when to try again.
    """
    async with OnvifDevice(url, credentials, within=pace.within) as device:
        try:
            await device.read_clock()
        except DeviceAway:
            raise
        except DeviceTrouble:
            pass  # it may still take requests by our own clock
        subscription = await _subscribe(device, await _event_service(device), pace)
        try:
            async for answer in _pulled(device, subscription, pace):
                yield answer
        finally:
            with suppress(DeviceTrouble, asyncio.CancelledError):
                await device.call(_managed("Unsubscribe", "", subscription), subscription.address, within=1.0)


async def _pulled(device: OnvifDevice, subscription: _Subscription, pace: Pace) -> AsyncGenerator[Node, None]:
    loop = asyncio.get_running_loop()
    renew_at = loop.time() + pace.lifetime / 2
    hold = pace.hold
    inside = f"<Timeout>PT{hold:g}S</Timeout><MessageLimit>{MESSAGE_LIMIT}</MessageLimit>"
    pull = Operation(
        EVENTS, "PullMessages", inside, f"{_ACTIONS}/PullPointSubscription/PullMessagesRequest", subscription.header
    )
    while True:
        started = loop.time()
        answer = await device.call(pull, subscription.address, within=hold + pace.within)
        yield answer
        if loop.time() - started < _SOONEST_SECONDS:  # a device that holds no answer back is not asked without a pause
            await asyncio.sleep(_SOONEST_SECONDS if answer.all("NotificationMessage") else _IDLE_SECONDS)
        if loop.time() >= renew_at:
            await _renew(device, subscription, pace)
            renew_at = loop.time() + pace.lifetime / 2


async def _subscribe(device: OnvifDevice, service: str, pace: Pace) -> _Subscription:
    create = Operation(
        EVENTS,
        "CreatePullPointSubscription",
        f"<InitialTerminationTime>PT{pace.lifetime:g}S</InitialTerminationTime>",
        f"{_ACTIONS}/EventPortType/CreatePullPointSubscriptionRequest",
    )
    answer = await device.call(create, service)
    reference = answer.find("SubscriptionReference")
    address = reference.value("Address") if reference else None
    if reference is None or address is None:
        raise NotOnvif
    return _Subscription(address, reference_parameters(reference))


async def _renew(device: OnvifDevice, subscription: _Subscription, pace: Pace) -> None:
    """Ask for more time; a device that knows no Renew keeps a subscription alive by its pulls."""
    inside = f"<TerminationTime>PT{pace.lifetime:g}S</TerminationTime>"
    try:
        await device.call(_managed("Renew", inside, subscription), subscription.address)
    except DeviceFault as fault:
        if not fault.unsupported:
            raise
    except NotOnvif:
        return


def _managed(name: str, inside: str, subscription: _Subscription) -> Operation:
    return Operation(SUBSCRIPTIONS, name, inside, f"{_MANAGER}/{name}Request", subscription.header)


async def _event_service(device: OnvifDevice) -> str:
    """Return the address of the event service, as GetServices or else GetCapabilities tell it."""
    try:
        services = Operation(DEVICE, "GetServices", "<IncludeCapability>false</IncludeCapability>")
        found = services_in(await device.call(services))
    except (DeviceFault, NotOnvif):
        found = {}
    if EVENTS not in found:
        capabilities = Operation(DEVICE, "GetCapabilities", "<Category>Events</Category>")
        found = capabilities_in(await device.call(capabilities), {"Events": EVENTS})
    if EVENTS not in found:
        raise DeviceTrouble("La caméra n'annonce pas d'événements.")
    return found[EVENTS]
