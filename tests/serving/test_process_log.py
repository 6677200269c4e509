"""What happens to the process is a line a record, for people or as JSON, with no more in it than was said."""

import json
import logging
from collections.abc import Iterator
from io import StringIO

import pytest
from bentoml._internal.log import TraceRecordFilter

from features.errors import SettingError
from serving import process_log
from serving.settings import Settings


@pytest.fixture
def lines() -> Iterator[StringIO]:
    """What is written by a handler of the root, as BentoML sets it up."""
    written = StringIO()
    handler = logging.StreamHandler(written)
    handler.addFilter(TraceRecordFilter())
    logging.root.addHandler(handler)
    yield written
    logging.root.removeHandler(handler)


def fail() -> None:
    try:
        raise ZeroDivisionError("of\ntwo lines")
    except ZeroDivisionError:
        logging.getLogger("serving.x").exception("It %s.", "failed")


def test_a_record_is_one_object_in_one_line_also_with_a_traceback(lines: StringIO) -> None:
    process_log.install("json")
    logging.getLogger("serving.x").warning('A login from %s failed: "ü"\n', "192.0.2.1")
    fail()
    first, second = map(json.loads, lines.getvalue().splitlines())
    assert list(first) == ["level", "logger", "message", "time"]
    assert (first["level"], first["logger"]) == ("WARNING", "serving.x")
    assert first["message"] == 'A login from 192.0.2.1 failed: "ü"\n'
    assert first["time"].endswith("+00:00")
    assert second["message"] == "It failed."
    assert second["traceback"].endswith("ZeroDivisionError: of\ntwo lines")


def test_text_stays_as_it_was(lines: StringIO) -> None:
    process_log.install("text")
    logging.getLogger("serving.x").warning("as it was")
    assert lines.getvalue() == "as it was\n"


def test_another_style_is_refused() -> None:
    assert Settings.read({"AUDIT_YIELD_PROCESS_LOG": "json"}).process_log == "json"
    with pytest.raises(SettingError, match="AUDIT_YIELD_PROCESS_LOG is 'xml'") as refused:
        Settings.read({"AUDIT_YIELD_PROCESS_LOG": "xml"})
    assert "text, json" in refused.value.expected
