"""Where a webhook may go, and what is refused before a byte leaves."""

import pytest

from dispatch.addresses import AddressPolicy, AddressRefused

STRICT = AddressPolicy(allow_loopback=False)
DEMONSTRATION = AddressPolicy(allow_loopback=True)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://partenaire.example/x",
        "file:///etc/passwd",
        "https://",
        "https:///chemin",
        "partenaire.example/x",
        "https://user:pass@partenaire.example/",
        "https://partenaire.example/#x",
        "https://partenaire.example:99999/",
        "https://parte naire.example/",
        "https://partenaire.example/" + "x" * 600,
        "http://169.254.169.254/latest/meta-data",
        "http://[fe80::1]/",
        "http://[::ffff:169.254.169.254]/",
        "http://0.0.0.0/",
        "http://224.0.0.1/",
        "http://255.255.255.255/",
        "http://[::1",
    ],
)
def test_refused_everywhere(url: str) -> None:
    for policy in (STRICT, DEMONSTRATION):
        with pytest.raises(AddressRefused):
            policy.judge_url(url)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/x", "http://[::1]/x", "http://localhost/x", "http://a.localhost./x", "http://127.9.9.9"]
)
def test_loopback_only_in_a_demonstration(url: str) -> None:
    with pytest.raises(AddressRefused):
        STRICT.judge_url(url)
    assert DEMONSTRATION.judge_url(url).hostname


@pytest.mark.parametrize("url", ["https://partenaire.example/hook?site=1", "http://10.1.2.3:8443/hook"])
def test_partners_live_on_the_internet_or_on_the_towns_own_network(url: str) -> None:
    assert STRICT.judge_url(url).hostname in {"partenaire.example", "10.1.2.3"}


async def test_a_name_that_leads_to_this_machine_is_refused_when_it_is_resolved() -> None:
    parts = DEMONSTRATION.judge_url("http://localhost:80/x")
    assert await DEMONSTRATION.resolve(parts) in {"127.0.0.1", "::1"}
    with pytest.raises(AddressRefused):
        await STRICT.resolve(parts)
