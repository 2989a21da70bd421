"""Reading the environment: strict, typed, and every complaint at once."""

from pathlib import Path

import pytest

from clinic.connections import Mail
from clinic.env import Env, InvalidEnvironment

LONG = "s" * 50


def problems_of(env: Env) -> str:
    """Seal and return the message of the refusal."""
    with pytest.raises(InvalidEnvironment) as refusal:
        env.seal()
    return str(refusal.value)


def test_every_bad_variable_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLINIC_FLAG", "ture")
    monkeypatch.setenv("CLINIC_NUMBER", "many")
    env = Env()
    assert (env.flag("CLINIC_FLAG"), env.number("CLINIC_NUMBER"), env.text("CLINIC_ABSENT")) == (False, 0, "")
    lines = problems_of(env).splitlines()
    assert [line.split(":")[0].strip() for line in lines[1:]] == ["CLINIC_ABSENT", "CLINIC_FLAG", "CLINIC_NUMBER"]


def test_good_variables_seal_without_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLINIC_TEXT", "a word")
    env = Env()
    assert env.text("CLINIC_TEXT") == "a word"
    env.seal()


@pytest.mark.parametrize(
    ("value", "expected"), [("true", True), ("yes", True), ("1", True), ("on", True), ("false", False), ("0", False)]
)
def test_a_flag_knows_the_usual_words(monkeypatch: pytest.MonkeyPatch, value: str, expected: bool) -> None:
    monkeypatch.setenv("CLINIC_FLAG", value)
    assert Env().flag("CLINIC_FLAG", default=not expected) is expected


def test_an_empty_value_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLINIC_NUMBER", "")
    assert Env().number("CLINIC_NUMBER", default=7) == 7


def test_an_empty_required_value_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLINIC_TEXT", "")
    env = Env()
    env.text("CLINIC_TEXT")
    assert "CLINIC_TEXT: is not set" in problems_of(env)


@pytest.mark.parametrize("value", ["1", "9"])
def test_a_number_may_lie_on_its_bounds(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("CLINIC_NUMBER", value)
    env = Env()
    assert env.number("CLINIC_NUMBER", least=1, most=9) == int(value)
    env.seal()


@pytest.mark.parametrize("value", ["0", "10", "4.5", "-3"])
def test_a_number_outside_its_bounds_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("CLINIC_NUMBER", value)
    env = Env()
    assert env.number("CLINIC_NUMBER", least=1, most=9) == 1
    assert "CLINIC_NUMBER" in problems_of(env)


def test_a_listing_drops_blanks_and_empty_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLINIC_LIST", "a.example, b.example,,")
    assert Env().listing("CLINIC_LIST") == ["a.example", "b.example"]


def test_a_listing_falls_back_on_a_copy_of_its_default() -> None:
    default = ["localhost"]
    listing = Env().listing("CLINIC_LIST", default=default)
    assert listing == default
    assert listing is not default


def test_an_address_has_one_of_the_schemes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLINIC_BROKER", "redis://localhost:6379/0")
    env = Env()
    assert env.address("CLINIC_BROKER", schemes=["redis", "rediss"]) == "redis://localhost:6379/0"
    env.seal()


@pytest.mark.parametrize("value", ["amqp://localhost", "localhost:6379", "predis://x"])
def test_an_address_with_another_scheme_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("CLINIC_BROKER", value)
    env = Env()
    env.address("CLINIC_BROKER", schemes=["redis", "rediss"])
    assert "must begin with one of: redis, rediss" in problems_of(env)


def test_a_secret_file_is_read_without_its_line_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(LONG + "\n")
    monkeypatch.setenv("CLINIC_SECRET_FILE", str(tmp_path / "key"))
    env = Env()
    assert env.secret("CLINIC_SECRET") == LONG
    env.seal()


def test_a_missing_secret_file_is_named_with_the_rest(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CLINIC_SECRET_FILE", str(tmp_path / "absent"))
    env = Env()
    assert env.secret("CLINIC_SECRET") == ""
    assert "CLINIC_SECRET_FILE must be a readable file path" in problems_of(env)


def test_a_value_and_a_file_for_it_contradict_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLINIC_TEXT", "a")
    monkeypatch.setenv("CLINIC_TEXT_FILE", "/dev/null")
    env = Env()
    env.text("CLINIC_TEXT")
    assert "CLINIC_TEXT: set either this or CLINIC_TEXT_FILE, not both" in problems_of(env)


def test_a_secret_may_not_be_shorter_than_fifty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLINIC_SECRET", LONG[:-1])
    env = Env()
    env.secret("CLINIC_SECRET")
    message = problems_of(env)
    assert "at least 50 characters" in message
    assert LONG[:-1] not in message


def test_production_refuses_the_secret_of_a_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLINIC_SECRET", f"demo-{LONG}")
    env = Env()
    env.secret("CLINIC_SECRET")
    assert "was made for the demo" in problems_of(env)


@pytest.mark.parametrize(("name", "expected"), [("CLINIC_TEXT", True), ("CLINIC_OTHER", True), ("CLINIC_EMPTY", False)])
def test_a_variable_is_set_by_its_value_or_its_file(monkeypatch: pytest.MonkeyPatch, name: str, expected: bool) -> None:
    monkeypatch.setenv("CLINIC_TEXT", "a")
    monkeypatch.setenv("CLINIC_OTHER_FILE", "/dev/null")
    monkeypatch.setenv("CLINIC_EMPTY", "")
    assert Env().is_set(name) is expected


def test_a_database_address_becomes_a_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLINIC_DB", "postgresql://nurse:p%40ss@db:5433/clinic")
    config = Env().database("CLINIC_DB")
    assert {key: config[key] for key in ("USER", "PASSWORD", "HOST", "PORT", "NAME")} == {
        "USER": "nurse",
        "PASSWORD": "p@ss",
        "HOST": "db",
        "PORT": 5433,
        "NAME": "clinic",
    }


def test_a_malformed_database_address_is_refused_without_showing_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLINIC_DB", "mysql://nurse:hidden@db/clinic")
    env = Env()
    assert env.database("CLINIC_DB") == {}
    message = problems_of(env)
    assert "must be a sqlite: or postgresql: URL" in message
    assert "hidden" not in message


def test_the_default_database_follows_the_wish_for_durability() -> None:
    options = [Env().database("CLINIC_DB", default="sqlite:///x", durable=d)["OPTIONS"] for d in (True, False)]
    assert ["FULL" in option["init_command"] for option in options] == [True, False]


def test_mail_comes_from_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMAIL_URL", "submission://clinic:pw@mail.example")
    env = Env()
    assert env.mail() == Mail("mail.example", 587, user="clinic", password="pw", use_tls=True)
    env.seal()


def test_mail_comes_from_plain_variables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("pw\n")
    monkeypatch.setenv("EMAIL_HOST", "mail.example")
    monkeypatch.setenv("EMAIL_PORT", "2525")
    monkeypatch.setenv("EMAIL_HOST_PASSWORD_FILE", str(tmp_path / "password"))
    env = Env()
    assert env.mail() == Mail("mail.example", 2525, password="pw")
    env.seal()


def test_mail_has_to_come_from_somewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EMAIL_HOST", raising=False)
    monkeypatch.delenv("EMAIL_URL", raising=False)
    env = Env()
    env.mail()
    assert "EMAIL_URL: is not set" in problems_of(env)


def test_mail_falls_back_on_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EMAIL_HOST", raising=False)
    monkeypatch.delenv("EMAIL_URL", raising=False)
    assert Env().mail(default="smtp://localhost:1025") == Mail("localhost", 1025)


def test_two_ways_to_name_the_mail_server_contradict_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMAIL_URL", "smtp://a.example")
    monkeypatch.setenv("EMAIL_HOST", "b.example")
    env = Env()
    env.mail()
    assert "set either this or EMAIL_HOST, not both" in problems_of(env)


def test_two_kinds_of_encryption_contradict_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMAIL_HOST", "b.example")
    monkeypatch.setenv("EMAIL_USE_TLS", "true")
    monkeypatch.setenv("EMAIL_USE_SSL", "true")
    env = Env()
    env.mail()
    assert "set either this or EMAIL_USE_SSL, not both" in problems_of(env)
