"""A request is JSON in the strict sense; what two readers could understand differently is refused."""

import pytest

from tests.serving.caller import Service

ONE = b'{"trader_id": "T0000001", "top": 3}'

REFUSED = {
    "nothing": b"",
    "no JSON": b"{trader_id: 1}",
    "half of it": b'{"trader_id": "T0000001"',
    "two values": ONE + ONE,
    "not UTF-8": b'{"trader_id": "\xff"}',
    "another encoding": ONE.decode().encode("utf-16"),
    "NaN": b'{"trader_id": "T0000001", "top": NaN}',
    "infinity": b'{"trader_id": "T0000001", "top": Infinity}',
    "a number beyond all": b'{"trader_id": "T0000001", "top": 1e999}',
    "a number of 5,000 digits": b'{"trader_id": "T0000001", "top": ' + b"9" * 5000 + b"}",
    "a name twice": b'{"trader_id": "T0000001", "trader_id": "T0000002"}',
    "a name twice, once escaped": b'{"trader_id": "T0000001", "trader\\u005fid": "T0000002"}',
    "an unknown member": b'{"trader_id": "T0000001", "threshold": 5}',
    "a missing member": b"{}",
    "true as a number": b'{"trader_id": "T0000001", "top": true}',
    "text as a number": b'{"trader_id": "T0000001", "top": "3"}',
    "a fraction as a whole number": b'{"trader_id": "T0000001", "top": 2.5}',
    "a number as text": b'{"trader_id": 17}',
    "null for what must be there": b'{"trader_id": null}',
    "half a letter": b'{"trader_id": "\\ud800"}',
    "a list": b"[]",
    "10,000 lists in each other": b"[" * 10_000 + b"]" * 10_000,
    "1,000,000 objects in each other": b'{"a":' * 300_000,
    "an empty identifier": b'{"trader_id": ""}',
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED)
def test_what_is_not_strictly_json_of_the_right_form_is_malformed(served: Service, body: bytes) -> None:
    got = served.client.post("/explain", content=body, headers={"content-type": "application/json"})
    assert got.status_code == 400
    assert got.headers["content-type"] == "application/problem+json"
    assert got.json()["type"] == "urn:audit-yield:problem:malformed-request"


def test_a_problem_names_the_member_and_never_what_was_sent(served: Service) -> None:
    got = served.client.post("/explain", json={"trader_id": "T1", "top": "secret <b>"})
    assert [fault["at"] for fault in got.json()["errors"]] == ["top"]
    assert "secret" not in got.text


@pytest.mark.parametrize(
    "kind",
    [
        None,
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/octet-stream",
        "application/vnd.bentoml+pickle",
        "application/json; charset=latin-1",
        "application/jsonx",
    ],
)
def test_a_body_that_does_not_say_it_is_json_is_refused_unread(served: Service, kind: str | None) -> None:
    got = served.client.post("/explain", content=ONE, headers={"content-type": kind} if kind else {})
    assert got.status_code == 415


def test_a_compressed_body_is_refused(served: Service) -> None:
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    assert served.client.post("/explain", content=ONE, headers=headers).status_code == 415
