"""How property tests search, anew at every run of a developer, the same examples at every run of CI; and databases."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.postgres import postgres
from tests.support.stores import database_of, sqlite_url

settings.register_profile("spmwatch", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("spmwatch")


@pytest.fixture(scope="session", autouse=True)
def state_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test, and no process that it starts, remembers anything in the state folder of whoever runs it."""
    os.environ.pop("STATE_DIRECTORY", None)
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state"))


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """Programs that tests start can be interrupted, although a background shell is deaf to that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a PostgreSQL server that was started for these tests."""
    with postgres() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database; each test that asks for it runs on both kinds."""
    if request.param == "sqlite":
        yield sqlite_url(tmp_path)
        return
    with database_of(request.getfixturevalue("postgres_server")) as url:
        yield url
