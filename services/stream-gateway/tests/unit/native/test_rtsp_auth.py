"""Answers to challenges: the examples of the RFCs, the simulator's own gate, and no account locked by asking on."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_simulator.digest import Credentials, DigestGate, Verdict
from stream_gateway.native.rtsp_auth import Authenticator, read_challenges

URL = "rtsp://camera/stream"


def response_of(answer: str | None) -> str:
    found = re.search(r'response="([0-9a-f]+)"', answer or "")
    assert found is not None
    return found[1]


def test_examples_of_the_standards() -> None:
    """RFC 7616 §3.9.1 and RFC 2617 §3.5."""
    told = (
        'realm="http-auth@example.org", qop="auth, auth-int", algorithm={}, nonce="{}", '
        'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
    )
    nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
    for algorithm, expected in (
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ):
        account = Authenticator("Mufasa", "Circle of Life", lambda: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ")
        assert account.take_challenges(["Digest " + told.format(algorithm, nonce)])
        answer = account.authorization("GET", "/dir/index.html")
        assert response_of(answer) == expected
        assert answer is not None
        assert 'opaque="FQhe' in answer
        assert "nc=00000001" in answer
    old = Authenticator("Mufasa", "Circle Of Life", lambda: "0a4f113b")
    assert old.take_challenges(
        ['Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"']
    )
    assert response_of(old.authorization("GET", "/dir/index.html")) == "6629fae49393a05397450978507c4ef1"


texts = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters='"\\'), min_size=1, max_size=12
)


@given(texts, texts, st.sampled_from(["DESCRIBE", "SETUP", "PLAY"]))
def test_the_simulator_accepts_our_answers(username: str, password: str, method: str) -> None:
    gate = DigestGate(Credentials(username, password), lambda: 1000.0)
    account = Authenticator(username, password)
    assert account.authorization(method, URL) is None
    assert account.take_challenges([gate.challenge()])
    for count in (1, 2, 3):
        answer = account.authorization(method, URL)
        assert gate.judge(answer, method) is Verdict.ACCEPTED
        assert answer is not None
        assert f"nc={count:08x}" in answer
    wrong = Authenticator(username, password + "x")
    assert wrong.take_challenges([gate.challenge()])
    assert gate.judge(wrong.authorization(method, URL), method) is Verdict.REFUSED


def test_a_digest_without_quality_has_no_count() -> None:
    account = Authenticator("a", "b")
    assert account.take_challenges(['Digest realm="r", nonce="n"'])
    answer = account.authorization("PLAY", URL)
    assert answer is not None
    assert "nc=" not in answer
    assert "cnonce" not in answer
    assert "qop" not in answer


@pytest.mark.parametrize(
    ("headers", "scheme"),
    [
        (['Basic realm="r"', 'Digest realm="r", nonce="n"'], "Digest"),
        (['Basic realm="r", Digest realm="r", nonce="n", algorithm=MD5'], "Digest"),
        (['Digest realm="r", nonce="n", algorithm=SHA-512-256', 'Basic realm="r"'], "Basic"),
        (['Digest realm="r", nonce="n", qop="auth-int"', "Basic"], "Basic"),
    ],
)
def test_the_best_challenge_is_answered(headers: list[str], scheme: str) -> None:
    account = Authenticator("a", "b")
    assert account.take_challenges(headers)
    answer = account.authorization("PLAY", URL)
    assert answer is not None
    assert answer.startswith(scheme + " ")


def test_the_strongest_hash_is_chosen() -> None:
    account = Authenticator("a", "b")
    assert account.take_challenges(
        ['Digest realm="r", nonce="n"', 'Digest realm="r", nonce="m", algorithm=SHA-256, qop="auth"']
    )
    assert len(response_of(account.authorization("PLAY", URL))) == 64


def test_basic_of_the_standard() -> None:
    """RFC 7617 §2."""
    account = Authenticator("Aladdin", "open sesame")
    assert account.take_challenges(['Basic realm="WallyWorld"'])
    assert account.authorization("PLAY", URL) == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="


def test_a_refused_account_is_not_tried_again() -> None:
    account = Authenticator("a", "wrong")
    assert account.take_challenges(['Digest realm="r", nonce="1"'])
    assert not account.take_challenges(['Digest realm="r", nonce="2"'])
    basic = Authenticator("a", "wrong")
    assert basic.take_challenges(["Basic"])
    assert not basic.take_challenges(["Basic"])
    assert not Authenticator("", "").take_challenges(["Basic"])
    assert not Authenticator("a", "b").take_challenges(["Bearer x", ""])


def test_a_nonce_that_ran_out_is_replaced() -> None:
    account = Authenticator("a", "b")
    assert account.take_challenges(['Digest realm="r", nonce="1", qop="auth"'])
    account.authorization("PLAY", URL)
    account.accepted()
    assert account.take_challenges(['Digest realm="r", nonce="2", qop="auth"']), "it was good before"
    answer = account.authorization("PLAY", URL)
    assert answer is not None
    assert "nc=00000001" in answer
    assert not account.take_challenges(['Digest realm="r", nonce="3", qop="auth"'])
    stale = Authenticator("a", "b")
    told = [stale.take_challenges([f'Digest realm="r", nonce="{n}", stale=TRUE']) for n in range(9)]
    assert told == [True, True, True, *[False] * 6]


def test_nobody_talks_us_into_sending_the_password() -> None:
    account = Authenticator("a", "b")
    assert account.take_challenges(['Digest realm="r", nonce="1"'])
    account.accepted()
    assert not account.take_challenges(['Basic realm="r"'])
    assert "Digest" in (account.authorization("PLAY", URL) or "")


def test_credentials_are_not_shown() -> None:
    account = Authenticator("operateur", "secret")
    assert account.take_challenges(['Digest realm="r", nonce="1"'])
    assert "secret" not in repr(account)
    assert "operateur" not in repr(account)


def test_quotes_in_challenges() -> None:
    (one,) = read_challenges([r'Digest realm="a \"quoted\", name", nonce="x"'])
    assert one.parameters == {"realm": 'a "quoted", name', "nonce": "x"}
