"""Which keys of a JWK Set are of use (C146, C151)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spmwatch.cds_hooks.trust.keys import KeySetError, key_set
from tests.support.tokens import ec, published, rsa

GOOD = published(ec(), "good")
RSA_KEY = published(rsa(), "rsa")


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({"kty": "oct", "kid": "x", "k": "c2VjcmV0"}, "neither EC nor RSA"),
        ({"kty": "OKP", "crv": "Ed25519", "kid": "x", "x": "AAAA"}, "neither EC nor RSA"),
        ({**GOOD, "kid": None}, "no kid"),
        ({**GOOD, "kid": ""}, "no kid"),
        ({**GOOD, "use": "enc"}, "use"),
        ({**GOOD, "key_ops": ["encrypt"]}, "key_ops"),
        ({**GOOD, "key_ops": "verify"}, "key_ops"),
        ({**GOOD, "alg": "HS256"}, "alg"),
        ({**GOOD, "alg": ["ES384"]}, "alg"),
        ({**GOOD, "crv": "P-521"}, "curve"),
        ({**GOOD, "crv": ["P-384"]}, "curve"),
        ({**GOOD, "x": "AAAA"}, "make no key"),
        ({**GOOD, "y": None}, "no y"),
        ({**GOOD, "x": "?"}, "make no key"),
        ({**RSA_KEY, "e": "AQ"}, "make no key"),
        ({**RSA_KEY, "n": RSA_KEY["n"][:100]}, "bits"),
        ({**RSA_KEY, "n": "_" * 4000}, "bits"),
        ("text", "no object"),
        (None, "no object"),
    ],
)
def test_keys_of_no_use_are_named_and_left(entry: Any, says: str) -> None:
    keys = key_set({"keys": [entry, GOOD]})
    assert set(keys.keys) == {"good"}
    assert len(keys.unusable) == 1
    assert says in keys.unusable[0]


def test_a_private_key_is_never_used() -> None:
    """Whoever publishes it has lost it; its numbers are not repeated."""
    private = {**ec().as_dict(private=True), "kid": "lost"}
    keys = key_set({"keys": [private]})
    assert not keys.keys
    assert "private" in keys.unusable[0]
    assert private["d"] not in keys.unusable[0]


def test_rsa_of_1024_bits_is_too_small() -> None:
    """Also when made by a library that would take it."""
    with pytest.warns(UserWarning, match="2048"):
        weak = published(rsa(1024), "weak")
    assert "1024 bits" in key_set({"keys": [weak]}).unusable[0]


def test_keys_of_one_name_and_two_types() -> None:
    """RFC 7517 4.5 allows it."""
    keys = key_set({"keys": [GOOD, {**RSA_KEY, "kid": "good"}]})
    assert [key.key_type for key in keys.keys["good"]] == ["EC", "RSA"]


@pytest.mark.parametrize("document", [None, [], "x", {}, {"keys": {}}, {"keys": None}, {"keys": [GOOD] * 101}])
def test_no_key_set(document: object) -> None:
    with pytest.raises(KeySetError):
        key_set(document)


MEMBERS = ["kty", "kid", "use", "key_ops", "alg", "crv", "x", "y", "n", "e", "d", "x5c", "oth"]
VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.lists(st.text(max_size=5), max_size=2)


@settings(deadline=None, max_examples=300)
@given(base=st.sampled_from([GOOD, RSA_KEY, {}]), changed=st.dictionaries(st.sampled_from(MEMBERS), VALUES, max_size=3))
def test_whatever_a_key_server_says_it_is_a_key_or_named(base: dict[str, Any], changed: dict[str, Any]) -> None:
    keys = key_set({"keys": [base | changed]})
    assert len(keys.keys) + len(keys.unusable) == 1
