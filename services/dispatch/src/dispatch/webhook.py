"""The one real channel to partners: a webhook signed by Standard Webhooks over HTTP."""

import json
from datetime import UTC, datetime
from typing import Any

import httpx

from dispatch.addresses import AddressPolicy, AddressRefused
from dispatch.domain import Dispatch
from dispatch.ports import Endpoint, NotDelivered
from dispatch.signatures import signed_headers

EVENT_TYPE = "vigie.dispatch.requested"
CONNECT_WITHIN = 3.0
ANSWER_WITHIN = 5.0


def body_of(dispatch: Dispatch) -> dict[str, Any]:
    """Return what a partner is told, as the specification lays a payload out. Text only, by construction."""
    message = dispatch.message
    return {
        "type": EVENT_TYPE,
        "timestamp": dispatch.asked_at.astimezone(UTC).isoformat(),
        "data": {
            "dispatch_id": str(dispatch.dispatch_id),
            "incident_number": dispatch.incident_number,
            "insee": dispatch.insee,
            "code": message.code,
            "title": message.title,
            "priority": message.priority.value,
            "address": message.address,
            "lon": message.lon,
            "lat": message.lat,
            "message": message.text,
        },
    }


class WebhookChannel:
    """Implements ``ports.PartnerChannel``. Redirects are not followed: a partner is where it said it is."""

    def __init__(self, client: httpx.AsyncClient, addresses: AddressPolicy) -> None:
        self._client = client
        self._addresses = addresses

    @staticmethod
    def new_client() -> httpx.AsyncClient:
        """Return a client that waits 3 s to connect and 5 s for an answer, and ignores proxy variables."""
        timeout = httpx.Timeout(ANSWER_WITHIN, connect=CONNECT_WITHIN)
        return httpx.AsyncClient(timeout=timeout, follow_redirects=False, trust_env=False)

    async def deliver(self, dispatch: Dispatch, endpoint: Endpoint, *, at: datetime) -> None:
        """Post the message; raises NotDelivered for anything but a 2xx."""
        body = json.dumps(body_of(dispatch), ensure_ascii=False)
        headers = signed_headers(endpoint.secret, message_id=str(dispatch.dispatch_id), sent_at=at, body=body)
        try:
            status = await self._post(endpoint.url, body, headers)
        except AddressRefused as error:
            raise NotDelivered(str(error)) from error
        except httpx.TimeoutException as error:
            raise NotDelivered("le système du partenaire n'a pas répondu à temps.") from error
        except (httpx.HTTPError, OSError) as error:
            raise NotDelivered("le système du partenaire est injoignable.") from error
        if not httpx.codes.is_success(status):
            raise NotDelivered(f"le système du partenaire a répondu {status}.")

    async def _post(self, url: str, body: str, headers: dict[str, str]) -> int:
        parts = self._addresses.judge_url(url)
        address = await self._addresses.resolve(parts)
        named = httpx.URL(url)
        request = self._client.build_request(
            "POST",
            named.copy_with(host=address),
            content=body.encode(),
            headers={**headers, "host": named.netloc.decode("ascii")},
            extensions={"sni_hostname": named.raw_host.decode("ascii")},
        )
        response = await self._client.send(request, stream=True)  # the answer's body is of no interest
        await response.aclose()
        return response.status_code
