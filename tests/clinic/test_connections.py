"""What a database URL and a mail URL mean."""

import pytest

from clinic.connections import Mail, parse_database, parse_mail


def test_sqlite_takes_the_write_lock_at_once_and_waits_thirty_seconds() -> None:
    options = parse_database("sqlite:///clinic.sqlite3")["OPTIONS"]
    assert options == {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("sqlite:///var/clinic.sqlite3", "var/clinic.sqlite3"),
        ("sqlite:////srv/clinic.sqlite3", "/srv/clinic.sqlite3"),
        ("sqlite://:memory:", ":memory:"),
    ],
)
def test_sqlite_names_a_file_or_memory(url: str, name: str) -> None:
    assert parse_database(url)["NAME"] == name


def test_postgresql_keeps_its_connections_and_checks_them() -> None:
    config = parse_database("postgresql://root@localhost/clinic")
    assert (config["CONN_MAX_AGE"], config["CONN_HEALTH_CHECKS"]) == (600, True)


def test_postgresql_never_waits_for_ever() -> None:
    options = parse_database("postgresql://root@localhost/clinic")["OPTIONS"]
    assert options["connect_timeout"] == 5
    assert "statement_timeout=30000" in options["options"]
    assert "idle_in_transaction_session_timeout=60000" in options["options"]


def test_an_option_in_the_address_wins() -> None:
    options = parse_database("postgresql://root@localhost/clinic?connect_timeout=2&sslmode=require")["OPTIONS"]
    assert (options["connect_timeout"], options["sslmode"]) == (2, "require")


@pytest.mark.parametrize(
    "url", ["mysql://root@localhost/clinic", "oracle://x/y", "nonsense", "postgresql://root@localhost/", "unknown://x"]
)
def test_any_other_database_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="must be a sqlite: or postgresql: URL"):
        parse_database(url)


@pytest.mark.parametrize(
    ("url", "mail"),
    [
        ("smtp://localhost", Mail("localhost", 25)),
        ("smtp://localhost:1025", Mail("localhost", 1025)),
        ("submission://mail.example", Mail("mail.example", 587, use_tls=True)),
        ("smtps://mail.example/", Mail("mail.example", 465, use_ssl=True)),
        ("smtps://a%40b:c%2Fd@mail.example:99", Mail("mail.example", 99, "a@b", "c/d", use_ssl=True)),
    ],
)
def test_a_mail_address_says_how_to_connect(url: str, mail: Mail) -> None:
    assert parse_mail(url) == mail


@pytest.mark.parametrize(
    "url", ["", "mail.example:25", "http://mail.example", "smtp://", "smtp://mail.example/?ssl=yes", "smtp://x:port"]
)
def test_any_other_mail_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"must look like|[Pp]ort"):
        parse_mail(url)
