"""Asks an ONVIF device what it is. Every call has its own time limit: cameras are known to hang mid-answer."""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar
from urllib.parse import urlsplit

import aiohttp
from onvif import ONVIFCamera
from onvif.exceptions import ONVIFAuthError
from zeep.exceptions import Fault

from camera_registry.domain.camera import Credentials
from camera_registry.ports import OnvifFindings

_T = TypeVar("_T")
_REFUSALS = ("notauthorized", "not authorized", "unauthorized", "sender not authorized")


class _Device(ONVIFCamera):
    """A camera whose device service stands where its address says, not under a fixed path."""

    def __init__(self, url: str, credentials: Credentials | None) -> None:
        parts = urlsplit(url)
        self._device_url = url
        super().__init__(
            parts.hostname or "",
            parts.port or (443 if parts.scheme == "https" else 80),
            credentials.username if credentials else "",
            credentials.password if credentials else "",
            adjust_time=True,  # a camera whose clock is wrong refuses every signed request
            nat_override=True,  # signed requests go to the address we were given, wherever the device points
        )

    def get_definition(self, name: str, port_type: str | None = None) -> tuple[str, str, str]:
        xaddr, wsdl, binding = super().get_definition(name, port_type)
        return (self._device_url if name == "devicemgmt" else xaddr), wsdl, binding


class ZeepOnvifProbe:
    """Implements `ports.OnvifProbe`. ``within`` bounds each operation, in seconds."""

    def __init__(self, within: float = 5.0) -> None:
        self._within = within

    async def ask(self, url: str, credentials: Credentials | None) -> OnvifFindings:
        """Ask for identity, profiles and services; whatever the camera does becomes a finding."""
        device = _Device(url, credentials)
        try:
            return await self._ask(device)
        except TimeoutError:
            return OnvifFindings(ok=False, error=f"Pas de réponse en {self._within:g} s.")
        except ONVIFAuthError:
            return OnvifFindings(ok=False, error="La caméra refuse l'identifiant ou le mot de passe.")
        except Fault as fault:
            return OnvifFindings(ok=False, error=_fault_reason(fault))
        except (aiohttp.ClientError, OSError):
            return OnvifFindings(ok=False, error="Caméra injoignable : adresse, port ou réseau.")
        except Exception:  # noqa: BLE001 - what a strange device makes zeep and lxml raise is no closed list
            return OnvifFindings(ok=False, error="La réponse n'est pas celle d'un équipement ONVIF.")
        finally:
            await device.close()

    async def _ask(self, device: _Device) -> OnvifFindings:
        await self._timed(device.update_xaddrs())
        management = await self._timed(device.create_devicemgmt_service())
        identity: Any = await self._timed(management.GetDeviceInformation())
        media = await self._timed(device.create_media_service())
        profiles: Any = await self._timed(media.GetProfiles())
        has_ptz = any("/ptz/" in namespace for namespace in device.xaddrs) and any(
            getattr(profile, "PTZConfiguration", None) is not None for profile in profiles
        )
        return OnvifFindings(
            ok=True,
            manufacturer=str(identity.Manufacturer),
            model=str(identity.Model),
            firmware=str(identity.FirmwareVersion),
            profiles=tuple(str(profile.Name or profile.token) for profile in profiles),
            has_ptz=has_ptz,
        )

    async def _timed(self, operation: Awaitable[_T]) -> _T:
        return await asyncio.wait_for(operation, self._within)


def _fault_reason(fault: Fault) -> str:
    names = " ".join(str(getattr(code, "localname", code)) for code in fault.subcodes or ())
    text = f"{fault.message} {fault.code} {names}".lower()
    if any(word in text for word in _REFUSALS):
        return "La caméra refuse l'identifiant ou le mot de passe."
    return "La caméra répond par une erreur ONVIF."
