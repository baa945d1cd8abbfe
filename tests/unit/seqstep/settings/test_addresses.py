import json

import pytest

from seqstep.errors import ConfigError
from seqstep.settings.addresses import Address, Webhook
from seqstep.settings.config import Config
from seqstep.settings.resolving import flatten, resolve, write_toml

URL, HOOK = "https://me:SECRET@host/text?token=SECRET", "https://hooks.chat.org/services/SECRET"


def test_an_address_reveals_its_secret_only_when_it_is_asked_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "SECRET")
    address = Address("https://host/?t=${TOKEN}")
    assert (str(address), address.reveal()) == ("https://host/?t=${TOKEN}", "https://host/?t=SECRET")
    assert Address(URL).reveal() == URL
    assert f"{Address(URL)} {Address(URL)!r}".count("SECRET") == 0


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (HOOK, "https://hooks.chat.org/***"),
        ("https://me:SECRET@host/", "https://host/***"),
        ("hooks.chat.org/SECRET", "***"),
        ("${HOOK}", "${HOOK}"),
        ("", ""),
    ],
)
def test_of_a_webhook_only_the_host_is_shown(url: str, shown: str) -> None:
    assert str(Webhook(url)) == shown


def test_an_address_whose_secret_is_not_at_hand_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOKEN", raising=False)
    with pytest.raises(
        ConfigError, match=r"expected the environment variable TOKEN, .*t=\$\{TOKEN\}.*set it"
    ):
        Address("https://host/?t=${TOKEN}").reveal()
    with pytest.raises(
        ConfigError, match=r"got https://\*\*\*@host/, where that is hidden; write \$\{NAME\}"
    ):
        Address("https://***@host/").reveal()


def test_a_configuration_can_be_shown_and_written_in_every_way_without_its_secrets() -> None:
    config = resolve(changes=[{"corpus.url": URL, "notify.webhook": HOOK}])
    shown = [repr(config), config.model_dump_json(), write_toml(config), str(flatten(config))]
    shown.append(json.dumps(config.model_dump(mode="json")))
    assert [text for text in shown if "SECRET" in text or "hooks.chat.org/***" not in text] == []
    assert config.corpus.url[0].reveal() == URL and config.notify.webhook.reveal() == HOOK


@pytest.mark.parametrize(
    "changes",
    [
        {"notify": HOOK},
        {"notify": {"webhook": [HOOK]}},
        {"corpus": URL},
        {"corpus": {"url": {"a": URL}}},
        {"corpus": {"url": [[URL]]}},
        {"rnn": {"epochs": URL}},
        {"rnn.epochs": "http://127.0.0.1:1/x.txt?token=ab SECRET"},
        {"corpus.path": "http://127.0.0.1:1/x.txt?token=ab SECRET"},
        {"corpus.url": "http://127.0.0.1:1/x.txt?token=ab SECRET"},
        {"corpus": {"url": ["http://127.0.0.1:1/x.txt?token=ab SECRET"]}},
    ],
)
def test_a_setting_that_is_refused_is_named_without_its_secret(changes: dict[str, object]) -> None:
    with pytest.raises(ConfigError) as raised:
        resolve(changes=[changes])
    assert "SECRET" not in str(raised.value)


@pytest.mark.parametrize(
    ("urls", "shown"),
    [
        ("ftp://host/text", "'ftp://host/text'"),
        ("file:///etc/passwd", "'file:///etc/passwd'"),
        ("http:///text", "'http:///text'"),
        ("http://[x/", r"'http://\*\*\*'"),
        ("http://host:99999/", r"'http://\*\*\*'"),
        ("timemachine.txt", r"\*\*\*"),
        ("http://host/ok ftp://host/ok", "'ftp://host/ok'"),
    ],
)
def test_what_can_not_be_fetched_is_refused(urls: str, shown: str) -> None:
    with pytest.raises(ConfigError, match=f"corpus.url can't be .* be addresses with http.* not {shown};"):
        resolve(changes=[{"corpus.url": urls}])


def test_nothing_is_hidden_in_the_default_configuration() -> None:
    assert "***" not in write_toml(Config())
