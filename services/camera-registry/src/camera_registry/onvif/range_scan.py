"""Addresses that a person named, asked one by one whether an ONVIF device answers: slowly, a few at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address

from camera_registry.domain.discovery import DeviceFound
from camera_registry.onvif.client import GET_CLOCK, DeviceTrouble, OnvifDevice
from camera_registry.onvif.readings import name_of
from camera_registry.onvif.soap import DEVICE, Operation
from camera_registry.onvif.ws_discovery import scope_words

PATH = "/onvif/device_service"
Progress = Callable[[int, "DeviceFound | None"], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Gently:
    """``at_once`` addresses at the same time, ``a_second`` begun in a second, ``within`` seconds for each call."""

    at_once: int = 32
    a_second: float = 100.0
    within: float = 2.0


async def scan(
    addresses: Sequence[IPv4Address], ports: Sequence[int], gently: Gently, progress: Progress, *, path: str = PATH
) -> None:
    """Ask every address; ``progress`` hears how many are done and what each was (None: nobody, or no ONVIF)."""
    places = asyncio.Semaphore(gently.at_once)
    done = 0

    async def one(address: IPv4Address) -> None:
        nonlocal done
        try:
            found = None
            for port in ports:
                found = found or await look(f"http://{address}:{port}{path}", str(address), gently.within)
        finally:
            places.release()
        done += 1
        await progress(done, found)

    async with asyncio.TaskGroup() as asked:
        for address in addresses:
            await places.acquire()
            asked.create_task(one(address))
            await asyncio.sleep(1 / gently.a_second)


async def look(url: str, address: str, within: float) -> DeviceFound | None:
    """Return the device at an address, as much as it tells to anybody; None where no ONVIF device answers."""
    async with OnvifDevice(url, None, within=within) as device:
        try:
            await device.call(GET_CLOCK, signed=False)
        except DeviceTrouble:
            return None
        scopes = await _scopes(device)
        words = scope_words(scopes)
        try:
            identity = await device.call(Operation(DEVICE, "GetDeviceInformation"), signed=False)
        except DeviceTrouble:  # most devices tell it only to their account
            return DeviceFound(address, (url,), words.name, words.hardware, words.location, scopes)
        return DeviceFound(
            address,
            (url,),
            name_of(identity.value("Manufacturer")) or words.name,
            name_of(identity.value("Model")) or words.hardware,
            words.location,
            scopes,
        )


async def _scopes(device: OnvifDevice) -> tuple[str, ...]:
    try:
        answer = await device.call(Operation(DEVICE, "GetScopes"), signed=False)
    except DeviceTrouble:
        return ()
    return tuple(item.text.strip()[:200] for item in answer.all("ScopeItem"))[:64]
