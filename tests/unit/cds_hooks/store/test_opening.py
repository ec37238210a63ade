"""A store is found, made, brought up to date, and refused when it is not ours."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from pydantic import ValidationError
from sqlalchemy import inspect, text

from spmwatch.cds_hooks.store.decision import Feedback, Forgetful
from spmwatch.cds_hooks.store.errors import StoreError
from spmwatch.cds_hooks.store.keys import Key, key_file
from spmwatch.cds_hooks.store.locating import engine_of, make_file, state_folder, url_of
from spmwatch.cds_hooks.store.opening import existing_store, make_ready, memory_of, open_store
from spmwatch.cds_hooks.store.settings import StoreSettings
from spmwatch.cds_hooks.store.tables import METADATA
from spmwatch.cds_hooks.store.upgrading import downgrade, form_of, newest, upgrade
from tests.support.decisions import decision, uuid_of
from tests.support.stores import NOON, Clock, memory_in, opened, settings_for, sqlite_url


def sqlite_settings(folder: Path, **values: object) -> StoreSettings:
    return StoreSettings.model_validate({"url": sqlite_url(folder)} | values)


def test_migrations_lead_to_the_tables(store_url: str) -> None:
    with opened(settings_for(store_url)) as store, store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []


def test_migrations_there_and_back(store_url: str) -> None:
    with opened(settings_for(store_url)) as store:
        downgrade(store.engine, to="base")
        assert form_of(store.engine) is None
        assert set(inspect(store.engine).get_table_names()) == {"alembic_version"}
        upgrade(store.engine)
        assert form_of(store.engine) == newest()
        assert set(METADATA.tables) <= set(inspect(store.engine).get_table_names())


def test_feedback_kept_before_is_tied_to_its_patient(store_url: str) -> None:
    """Form 0002: what was acknowledged in form 0001 stays so."""
    clock, made = Clock(), decision()
    with opened(settings_for(store_url)) as store:
        memory = memory_in(store, clock)
        memory.record(made)
        memory.flush()
        memory.take("north", "s", [Feedback(card=uuid_of(made, "SPM-05"), outcome="overridden", at=NOON)])
        downgrade(store.engine, to="0001")
        upgrade(store.engine)
        pseudonym = memory.pseudonym("north", made.recommendation.patient)
        assert [one.rule for one in memory.acknowledged(pseudonym)] == ["SPM-05"]
        memory.close()


def test_workers_that_start_at_once_make_one_store(store_url: str) -> None:
    values = {"key": None} if store_url.startswith("sqlite") else {}
    keys: list[str] = []
    faults: list[Exception] = []

    def start() -> None:
        try:
            with opened(settings_for(store_url, **values)) as store:
                keys.append(store.key.fingerprint)
        except Exception as error:  # noqa: BLE001 - told below
            faults.append(error)

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert len(keys) == 6
    assert len(set(keys)) == 1


def test_a_newer_store_is_refused(store_url: str) -> None:
    with opened(settings_for(store_url)) as store, store.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for value in (True, False):
        with pytest.raises(StoreError, match="newer spmwatch"):
            open_store(settings_for(store_url, upgrade=value))


def test_another_key_is_refused(store_url: str) -> None:
    with opened(settings_for(store_url)):
        pass
    with pytest.raises(StoreError, match="another key"):
        open_store(settings_for(store_url, key="another key, also long"))


def test_tables_are_not_made_unasked_on_a_server(postgres_server: str) -> None:
    settings = StoreSettings.model_validate({"url": postgres_server, "key": "a key that is long enough"})
    with pytest.raises(StoreError, match="spmwatch store upgrade"):
        open_store(settings)
    with pytest.raises(StoreError, match=r"store\.key"):
        open_store(StoreSettings.model_validate({"url": postgres_server, "upgrade": True}))


def test_nobody_else_reads_the_files(tmp_path: Path) -> None:
    with opened(sqlite_settings(tmp_path / "state")) as store:
        store.engine.connect().close()
        made = [*(tmp_path / "state").iterdir()]
        assert {path.name for path in made} >= {"spmwatch.db", "spmwatch.db.key"}
        assert {stat.S_IMODE(path.stat().st_mode) for path in made} == {0o600}
        assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700


def test_the_key_is_made_once(tmp_path: Path) -> None:
    with opened(sqlite_settings(tmp_path)) as store:
        first = store.key.fingerprint
    with opened(sqlite_settings(tmp_path)) as store:
        assert store.key.fingerprint == first
    key_file(tmp_path / "spmwatch.db").unlink()
    with pytest.raises(StoreError, match="another key"):
        open_store(sqlite_settings(tmp_path))


def test_a_broken_key_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "spmwatch.db.key").write_text("short")
    with pytest.raises(StoreError, match="holds no key"):
        open_store(sqlite_settings(tmp_path))


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://u:secret@h/d", "mysql"),
        ("no address", "no database address"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("postgresql://u:secret@127.0.0.1:1/d", r"cannot be used \(nothing listens there: connection refused\)"),
    ],
)
def test_addresses_that_cannot_be_used(url: str, says: str) -> None:
    with pytest.raises(StoreError, match=says) as told:
        open_store(StoreSettings.model_validate({"url": url, "key": "a key that is long enough"}))
    assert "secret" not in str(told.value)


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot be written.*store\.url"):
        open_store(sqlite_settings(tmp_path / "file"))


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "spmwatch.db").write_text("something else, and long enough to be seen as such" * 40)
    with pytest.raises(StoreError, match=r"cannot be used \(it is no SQLite database\)"):
        open_store(sqlite_settings(tmp_path))


def test_without_the_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match="pip install"):
        open_store(StoreSettings(url="postgresql://h/d"))


def test_commands_make_no_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is not there"):
        existing_store(sqlite_settings(tmp_path))
    assert [*tmp_path.iterdir()] == []
    with pytest.raises(StoreError, match="nothing is kept"):
        existing_store(StoreSettings(url="none"))


def test_where_it_is_kept_unless_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    assert state_folder() == tmp_path / ".local/state/spmwatch"
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    assert state_folder() == tmp_path / "xdg/spmwatch"
    monkeypatch.setenv("STATE_DIRECTORY", f"{tmp_path / 'systemd'}:/other")
    assert url_of(StoreSettings()).database == str(tmp_path / "systemd/spmwatch.db")


def memory_with(settings: StoreSettings) -> object:
    clock = Clock()
    return memory_of(settings, quiet_days=lambda: 90, today=clock.today, now=clock.now)


def test_a_store_may_be_switched_off() -> None:
    assert isinstance(memory_with(StoreSettings(url="none")), Forgetful)


def test_a_store_is_made_ready_once_and_left_closed(tmp_path: Path) -> None:
    make_ready(sqlite_settings(tmp_path))
    assert form_of(engine_of(url_of(sqlite_settings(tmp_path)))) == newest()
    make_ready(StoreSettings(url="none"))


def test_the_key_is_secret() -> None:
    settings = StoreSettings.model_validate({"key": "a key that is long enough"})
    assert "long enough" not in repr(settings) + str(settings) + repr(Key(b"a key that is long enough"))
    with pytest.raises(ValidationError):
        StoreSettings.model_validate({"key": "short"})


def test_pseudonyms() -> None:
    key = Key(b"a key that is long enough")
    assert key.pseudonym("a", "bc") == key.pseudonym("a", "bc")
    made = {key.pseudonym("a", "bc"), key.pseudonym("ab", "c"), key.pseudonym("b", "bc"), key.digest("a", "bc")}
    made.add(Key(b"another key, also long").pseudonym("a", "bc"))
    assert len(made) == 5
    assert all(len(one) == 64 for one in made)


def test_a_process_that_is_killed_leaves_a_usable_store(tmp_path: Path) -> None:
    path = tmp_path / "spmwatch.db"
    make_file(path)
    code = (
        "import os, sys\n"
        "from sqlalchemy import make_url, text\n"
        "from spmwatch.cds_hooks.store.locating import engine_of, WRITES\n"
        "c = engine_of(make_url(sys.argv[1])).connect().execution_options(**{WRITES: True})\n"
        "c.execute(text('CREATE TABLE half (x)'))\n"
        "os._exit(9)\n"
    )
    subprocess.run([sys.executable, "-c", code, sqlite_url(tmp_path)], check=False, env=os.environ)
    with opened(sqlite_settings(tmp_path)) as store:
        assert "half" not in inspect(store.engine).get_table_names()
    engine_of(url_of(sqlite_settings(tmp_path))).dispose()
