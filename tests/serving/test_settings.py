"""Settings from the environment: every one by its name, and none that cannot be used."""

import pytest

from features.errors import SettingError
from serving.settings import LOOPBACK, Settings


def test_without_variables_it_listens_to_this_machine_alone() -> None:
    assert Settings.read({}).host == "127.0.0.1"
    assert Settings.read({}).hosts == LOOPBACK


def test_every_setting_is_a_variable() -> None:
    given = {
        "AUDIT_YIELD_PORT": "8080",
        "AUDIT_YIELD_HOSTS": "Risk.customs.example, localhost",
        "AUDIT_YIELD_BODY_SECONDS": "2.5",
        "AUDIT_YIELD_THREADS": "",
    }
    read = Settings.read(given)
    assert (read.port, read.body_seconds, read.threads) == (8080, 2.5, Settings.threads)
    assert read.hosts == ("Risk.customs.example", "localhost")


@pytest.mark.parametrize("text", ["0", "-1", "many", "nan", "inf", "2.5"])
def test_a_number_that_cannot_be_used_is_refused_by_name(text: str) -> None:
    with pytest.raises(SettingError, match="AUDIT_YIELD_CONCURRENCY"):
        Settings.read({"AUDIT_YIELD_CONCURRENCY": text})
