"""Answers as JSON: every number is one, whatever names say."""

import json

import pytest

from serving.api.serialise import as_json
from serving.live.case import NotFiniteError


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_a_number_that_is_none_is_never_sent(number: float) -> None:
    with pytest.raises(NotFiniteError):
        as_json({"rows": [{"expected_yield": number}]})


def test_a_name_may_read_like_such_a_number() -> None:
    answer = {"name": "NaN Trading Infinity Ltd"}
    assert json.loads(as_json(answer)) == answer
