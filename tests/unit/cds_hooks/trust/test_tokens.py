"""Which tokens are taken: signature, algorithms, claims, times.

Numbers such as C146 are the obligations in docs/cds-hooks.md.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc.jwk import ECKey
from joserfc.jws import JWSRegistry

from spmwatch.cds_hooks.trust.bearer import Bearers, TrustedClient, unauthorised
from spmwatch.cds_hooks.trust.client import Client
from spmwatch.cds_hooks.trust.key_sources import PinnedKeys
from spmwatch.cds_hooks.trust.keys import key_set
from spmwatch.cds_hooks.trust.replay import OwnMemory
from spmwatch.cds_hooks.trust.token import Expected
from spmwatch.cds_hooks.wire.refusal import RequestError
from tests.support.tokens import ISSUER, Ehr, ec, part, published, rsa, signed

NOW = 1_800_000_000.0
URL = "https://cds.example.org/cds-services/spmwatch-patient-view"
EHR = Ehr()


def trusted(
    ehr: Ehr = EHR, *, name: str = "ehr", algorithms: tuple[str, ...] = ("ES384", "RS384"), **expected: Any
) -> TrustedClient:
    asked = Expected(issuers=(ISSUER,), longest_life=600, leeway=30)
    return TrustedClient(
        client=Client(id=name),
        expected=replace(asked, **expected),
        algorithms=algorithms,
        keys=PinnedKeys(key_set(ehr.jwks), frozenset({"https://ehr.example.org/jwks.json"})),
    )


def authenticator(*clients: TrustedClient) -> Bearers:
    return Bearers(clients or [trusted()], OwnMemory(), clock=lambda: NOW)


def client_of(bearers: Bearers, token: str | None, url: str = URL) -> Client:
    authorization = None if token is None else f"Bearer {token}"
    return asyncio.run(bearers.client_of(authorization, url))


def token(ehr: Ehr = EHR, audience: str = URL, header: dict[str, Any] | None = None, **changed: Any) -> str:
    return ehr.token(audience, header, **{"now": NOW} | changed)


def refused(bearers: Bearers, text: str | None, reason: str, caplog: pytest.LogCaptureFixture) -> None:
    """C152: the same answer for every fault; C155: a fixed word in the log."""
    caplog.clear()
    with caplog.at_level(logging.INFO), pytest.raises(RequestError) as refusal:
        client_of(bearers, text)
    assert (refusal.value.status, refusal.value.issues) == (401, unauthorised().issues)
    assert f"reason={reason} " in caplog.text
    if text:
        assert text not in caplog.text


@pytest.mark.parametrize("algorithm", ["ES384", "RS384"])
def test_both_recommended_algorithms_are_taken(algorithm: str) -> None:
    """C146."""
    ehr = Ehr(rsa() if algorithm == "RS384" else ec(), algorithm=algorithm)
    assert client_of(authenticator(trusted(ehr)), token(ehr)).id == "ehr"


@pytest.mark.parametrize(("algorithm", "key"), [("RS256", rsa()), ("ES256", ec("P-256"))])
def test_others_are_taken_only_where_configured(algorithm: str, key: ECKey, caplog: pytest.LogCaptureFixture) -> None:
    """C146: RS256 is what some EHRs begin with."""
    ehr = Ehr(key, algorithm=algorithm)
    refused(authenticator(trusted(ehr)), token(ehr), "algorithm", caplog)
    assert client_of(authenticator(trusted(ehr, algorithms=(algorithm,))), token(ehr)).id == "ehr"


def test_no_token(caplog: pytest.LogCaptureFixture) -> None:
    """C145."""
    refused(authenticator(), None, "no-token", caplog)


@pytest.mark.parametrize("name", ["none", "None", "NONE", "HS256", "HS384", "HS512", "PS384", "dir", "", 7, None])
def test_neither_none_nor_a_shared_secret(name: object, caplog: pytest.LogCaptureFixture) -> None:
    """C146, also where the public key is misused as the secret of an HMAC."""
    header, claims = part(EHR.header() | {"alg": name}), part(EHR.claims(URL, NOW))
    for signature in ("", "AAAA"):
        with pytest.raises(RequestError) as refusal:
            client_of(authenticator(), f"{header}.{claims}.{signature}")
        assert refusal.value.status == 401


@pytest.mark.parametrize("algorithm", ["HS256", "HS384"])
def test_the_public_key_is_no_secret(algorithm: str, caplog: pytest.LogCaptureFixture) -> None:
    """C146: key confusion."""
    ehr = Ehr(rsa(), algorithm="RS384")
    secrets = [rsa().as_pem(private=False), json.dumps(ehr.jwks["keys"][0]).encode(), ehr.jwks["keys"][0]["n"].encode()]
    text = f"{part(ehr.header(alg=algorithm))}.{part(ehr.claims(URL, NOW))}"
    for secret in secrets:
        forged = f"{text}.{part(hmac.digest(secret, text.encode(), algorithm.replace('HS', 'sha')))}"
        refused(authenticator(trusted(ehr)), forged, "algorithm", caplog)


def test_the_header_s_algorithm_has_to_fit_the_key(caplog: pytest.LogCaptureFixture) -> None:
    """C146: RS384 by name with a key on a curve; P-256 under ES384."""
    header, claims = part(EHR.header(alg="RS384")), part(EHR.claims(URL, NOW))
    refused(authenticator(), f"{header}.{claims}.{part(b'x' * 256)}", "key-of-another-kind", caplog)
    small = Ehr(ec("P-256"))
    refused(
        authenticator(trusted(small)),
        f"{part(small.header())}.{claims}.{part(b'x' * 96)}",
        "key-of-another-kind",
        caplog,
    )


def test_a_key_for_one_algorithm_serves_no_other(caplog: pytest.LogCaptureFixture) -> None:
    """C151: `alg` of the JWK."""
    ehr = Ehr(rsa(), algorithm="RS256")
    pinned = PinnedKeys(key_set({"keys": [published(ehr.key, ehr.kid, alg="RS384")]}))
    client = replace(trusted(ehr, algorithms=("RS384", "RS256")), keys=pinned)
    refused(authenticator(client), token(ehr), "key-of-another-kind", caplog)
    ehr.algorithm = "RS384"
    assert client_of(authenticator(client), token(ehr)).id == "ehr"


def test_another_s_key_of_the_same_name(caplog: pytest.LogCaptureFixture) -> None:
    """C151."""
    refused(authenticator(), token(Ehr()), "signature", caplog)


def test_keys_in_the_token_itself_are_not_looked_at(caplog: pytest.LogCaptureFixture) -> None:
    """C147: `jwk` in the header is the caller's word."""
    other = Ehr()
    refused(authenticator(), token(other, header={"jwk": other.jwks["keys"][0]}), "signature", caplog)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"kid": None}, "no-kid"),
        ({"kid": ""}, "no-kid"),
        ({"kid": "other"}, "unknown-kid"),
        ({"kid": "k" * 300}, "no-kid"),
        ({"typ": "at+jwt"}, "typ"),
        ({"crit": ["exp"]}, "critical-header"),
        ({"b64": False}, "critical-header"),
        ({"jku": "https://evil.example.org/jwks.json"}, "jku-not-allowed"),
    ],
)
def test_headers(changed: dict[str, Any], reason: str, caplog: pytest.LogCaptureFixture) -> None:
    """C147, C151, C153; a `jku` off the list is refused also where keys are pinned."""
    header = {name: value for name, value in (EHR.header() | changed).items() if value is not None}
    claims = EHR.claims(URL, NOW)
    forged = f"{part(header)}.{part(claims)}.{part(b's' * 96)}"
    refused(authenticator(), forged, reason, caplog)


def test_headers_that_mean_nothing_to_us_do_no_harm() -> None:
    """C045's spirit: RFC 7515 has unknown headers ignored."""
    header = {"jku": "https://ehr.example.org/jwks.json", "x5t": "abc", "made-up": {"a": 1}, "typ": None}
    assert client_of(authenticator(), token(header=header)).id == "ehr"


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"iss": None}, "unknown-client"),
        ({"iss": "https://other.example.org"}, "unknown-client"),
        ({"iss": f"{ISSUER}/"}, "unknown-client"),
        ({"iss": [ISSUER]}, "unknown-client"),
        ({"aud": None}, "audience"),
        ({"aud": "https://cds.example.org"}, "audience"),
        ({"aud": "https://cds.example.org/cds-services"}, "audience"),
        ({"aud": ["https://elsewhere.example.org"]}, "audience"),
        ({"aud": []}, "audience"),
        ({"aud": {"url": URL}}, "audience"),
        ({"exp": None}, "no-exp"),
        ({"exp": "1800000300"}, "no-exp"),
        ({"exp": True}, "no-exp"),
        ({"exp": NOW - 30}, "expired"),
        ({"iat": None}, "no-iat"),
        ({"iat": NOW + 31}, "issued-in-the-future"),
        ({"nbf": NOW + 31}, "not-yet-valid"),
        ({"nbf": "now"}, "no-nbf"),
        ({"exp": NOW + 601}, "lives-too-long"),
        ({"iat": NOW - 365 * 86400}, "lives-too-long"),
        ({"exp": NOW - 10, "iat": NOW + 10}, "lives-too-long"),
        ({"jti": None}, "no-jti"),
        ({"jti": ""}, "no-jti"),
        ({"jti": 7}, "no-jti"),
        ({"jti": "j" * 256}, "no-jti"),
    ],
)
def test_claims(changed: dict[str, Any], reason: str, caplog: pytest.LogCaptureFixture) -> None:
    """C147-C150."""
    refused(authenticator(), token(**changed), reason, caplog)


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": [URL]},
        {"aud": ["https://elsewhere.example.org", URL]},
        {"aud": f"{URL}/"},
        {"exp": NOW - 29, "iat": NOW - 300},
        {"iat": NOW + 30},
        {"nbf": NOW + 30},
        {"nbf": NOW - 300},
        {"exp": NOW + 600},
        {"exp": NOW + 300.5, "iat": NOW + 0.5},
        {"sub": "anything", "tenant": "any", "extension": {"a": 1}},
    ],
)
def test_claims_at_their_edges(changed: dict[str, Any]) -> None:
    """C148, C149: text or array; Epic's nbf lies five minutes back; clocks differ a little."""
    assert client_of(authenticator(), token(**changed)).id == "ehr"


def test_an_audience_typed_by_hand(caplog: pytest.LogCaptureFixture) -> None:
    """C148: what Epic's analysts type counts in place of the address."""
    bearers = authenticator(trusted(audience=("spmwatch production",)))
    assert client_of(bearers, token(audience="spmwatch production")).id == "ehr"
    refused(bearers, token(), "audience", caplog)


def test_subject_and_tenant(caplog: pytest.LogCaptureFixture) -> None:
    """C154: one issuer, several tenants; each has its own key."""
    north, south = Ehr(), Ehr()
    bearers = authenticator(
        trusted(north, name="north", tenant="hospital-north"), trusted(south, name="south", tenant="hospital-south")
    )
    assert client_of(bearers, token(north, tenant="hospital-north")).id == "north"
    assert client_of(bearers, token(south, tenant="hospital-south")).id == "south"
    refused(bearers, token(north, tenant="hospital-south"), "signature", caplog)
    refused(bearers, token(north), "unknown-client", caplog)
    by_subject = authenticator(trusted(subject="cds-client"))
    assert client_of(by_subject, token(sub="cds-client")).id == "ehr"
    refused(by_subject, token(sub="other"), "unknown-client", caplog)
    refused(by_subject, token(), "unknown-client", caplog)


def test_a_token_is_taken_once(caplog: pytest.LogCaptureFixture) -> None:
    """C150, and for each client by itself."""
    other = Ehr()
    bearers = authenticator(trusted(tenant="a"), trusted(other, name="other", tenant="b"))
    first = token(jti="once", tenant="a")
    assert client_of(bearers, first).id == "ehr"
    refused(bearers, first, "used-before", caplog)
    assert "jti=once" in caplog.text
    refused(bearers, token(jti="once", tenant="a", exp=NOW + 100), "used-before", caplog)
    assert client_of(bearers, token(other, jti="once", tenant="b")).id == "other"


def test_a_refused_token_leaves_its_name_free() -> None:
    """C150: nobody can use up a client's names without its key."""
    bearers = authenticator()
    for bad in (token(Ehr(), jti="mine"), token(jti="mine", aud="elsewhere")):
        with pytest.raises(RequestError):
            client_of(bearers, bad)
    assert client_of(bearers, token(jti="mine")).id == "ehr"


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b'"text"', b"{", b'{"iss": NaN}', b'{"iss": "a", "iss": "b"}', b"\xff\xfe{}", b"[" * 5000],
)
def test_claims_that_are_no_json_object(content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """C002: signed or not."""
    text = signed(EHR.key, EHR.header(), content)
    with pytest.raises(RequestError) as refusal:
        client_of(authenticator(), text)
    assert refusal.value.status == 401


@pytest.mark.parametrize(
    "value", ["", "Bearer", "Bearer ", "Basic abc", "Bearer a.b", "Bearer a.b.c.d", "Bearer " + "a" * 9000]
)
def test_headers_that_hold_no_token(value: str) -> None:
    """C145, C152."""
    with pytest.raises(RequestError) as refusal:
        asyncio.run(authenticator().client_of(value, URL))
    assert refusal.value.status == 401


def test_the_log_has_the_jti_only_of_tokens_that_the_client_signed(caplog: pytest.LogCaptureFixture) -> None:
    """C155: anybody may write anything into a token."""
    refused(authenticator(), token(Ehr(), jti="Jane-Doe-1970"), "signature", caplog)
    assert "Jane" not in caplog.text
    refused(authenticator(), token(jti="Jane\nDoe", exp=NOW - 100), "expired", caplog)
    assert "Jane" not in caplog.text
    refused(authenticator(), token(jti="nonce-1", exp=NOW - 100), "expired", caplog)
    assert "client=ehr jti=nonce-1" in caplog.text


RSA_EHR = Ehr(rsa(), algorithm="RS384")


@pytest.mark.parametrize("ehr", [EHR, RSA_EHR], ids=["ES384", "RS384"])
@settings(deadline=None, max_examples=150)
@given(data=st.data())
def test_no_bit_of_a_token_may_change(ehr: Ehr, data: st.DataObject) -> None:
    """C151: every bit of every part counts, also those that base64 leaves spare."""
    text = token(ehr).encode()
    bit = data.draw(st.integers(0, len(text) * 8 - 1))
    changed = bytearray(text)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(RequestError) as refusal:
        client_of(authenticator(trusted(ehr)), changed.decode("latin-1"))
    assert refusal.value.status == 401


@pytest.mark.parametrize("ehr", [EHR, RSA_EHR], ids=["ES384", "RS384"])
def test_the_last_letter_has_one_right_spelling(ehr: Ehr) -> None:
    """C150, C151: a signature of 256 bytes leaves four bits of its last letter unused."""
    text = token(ehr)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for letter in letters.replace(text[-1], ""):
        with pytest.raises(RequestError):
            client_of(authenticator(trusted(ehr)), text[:-1] + letter)
    assert client_of(authenticator(trusted(ehr)), text).id == "ehr"


def raw(header: object, claims: object, ehr: Ehr = EHR) -> str:
    """A token that is signed whatever its header says, as no library would."""
    text = f"{part(header)}.{part(claims)}"
    signature = JWSRegistry.algorithms[ehr.algorithm].sign(text.encode(), ehr.key)
    return f"{text}.{part(signature)}"


NAMES = [
    "alg",
    "kid",
    "typ",
    "jku",
    "cty",
    "crit",
    "b64",
    "jwk",
    "x5u",
    "x5c",
    "x5t",
    "x5t#S256",
    "zip",
    "enc",
    "p2c",
    "",
]
CLAIMS = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "tenant"]
JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None, max_examples=300)
@given(
    header=st.dictionaries(st.sampled_from(NAMES), JSONS, max_size=3),
    claims=st.dictionaries(st.sampled_from(CLAIMS), JSONS, max_size=3),
)
def test_whatever_stands_in_a_signed_token_it_is_taken_or_401(header: dict[str, Any], claims: dict[str, Any]) -> None:
    """C058, C152: a client with a key cannot make the service fail either."""
    text = raw(EHR.header() | header, EHR.claims(URL, NOW) | claims)
    status = 200
    try:
        client_of(authenticator(), text)
    except RequestError as refusal:
        status = refusal.status
    assert status in (200, 401)


@settings(deadline=None, max_examples=200)
@given(
    value=st.text(max_size=60) | st.binary(max_size=60).map(lambda one: "Bearer " + part(one) + "." + part(one) + ".AA")
)
def test_whatever_stands_in_the_header_it_is_401(value: str) -> None:
    """C152."""
    with pytest.raises(RequestError) as refusal:
        asyncio.run(authenticator().client_of(value, URL))
    assert refusal.value.status == 401
