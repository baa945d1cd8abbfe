"""The program of MLflow's server: who is let in, and what it serves."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
import requests

from seqstep_cli import NAMES
from stagecraft.files.home import Home
from stagecraft.servers.layout import servers_of
from stagecraft.servers.server import Server, running
from tests.conftest import free_port
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.thorough

SEARCH = "/api/2.0/mlflow/experiments/search"
# Outside of what MLflow's own checks look at, too.
PATHS = [
    SEARCH,
    "/ajax-api/2.0/mlflow/experiments/create",
    "/graphql",
    "/v1/traces",
    "/gateway/a/mlflow/invocations",
]


@pytest.fixture(scope="module")
def mlflow(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = Home(tmp_path_factory.mktemp("home"), NAMES)
    (home.root / "mlflow.db").write_bytes(empty_database.read_bytes())
    _, server, _ = servers_of(home, free_port(), free_port(), known_as=["proxy.example"])
    with running([server], home.root / "logs"):
        yield server


def post(url: str, body: str = '{"max_results": 1}', **headers: str) -> requests.Response:
    given = {"Content-Type": "application/json", **headers}
    return requests.post(url, data=body, headers=given, timeout=PATIENCE_S)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Host": "LOCALHOST"},
        {"Host": "localhost."},
        {"Host": "proxy.example", "Origin": "https://proxy.example"},
        {"Host": "proxy.example:8443", "Origin": "https://proxy.example:8443"},
    ],
)
def test_a_program_and_a_page_of_its_own_by_any_name_use_it(headers: dict[str, str], mlflow: Server) -> None:
    assert post(mlflow.url + SEARCH, **headers).status_code == 200


@pytest.mark.parametrize("path", PATHS)
def test_a_page_from_elsewhere_reaches_none_of_its_paths(path: str, mlflow: Server) -> None:
    for origin in ("http://evil.example", "http://localhost:9", "null"):
        for kind in ("text/plain", "application/json"):
            assert post(mlflow.url + path, Origin=origin, **{"Content-Type": kind}).status_code == 403
    assert post(mlflow.url + path, Host="10.evil.example").status_code == 403


@pytest.mark.parametrize("api", ["api", "ajax-api"])
@pytest.mark.parametrize(
    "path",
    [
        *(".", "%2e", "%252e", "a/..", "a/%2e%2e", "a//b", "./a", "", "a/."),
        *(
            "%20",
            "%00",
            "%09",
            "%0a",
            "%C2%A0",
            "%23",
            "%3F",
            "%2520",
            "%2523",
            ".%0d",
            ".%23",
            ".%3F",
            ".%20",
        ),
        *("a%23", "a/b.txt%23", "a/b.txt%3F", "a/b.txt%3Bx", "a/b.txt%5C", "a%20/b.txt", "%3Bx", ".%253Fx"),
        *("file:", "FILE:", "file%3A", "file:%2F", "a/file:", "file%253A"),
    ],
)
def test_no_path_that_may_mean_another_deletes_what_is_there(path: str, api: str, mlflow: Server) -> None:
    place = f"{mlflow.url}/{api}/2.0/mlflow-artifacts/artifacts"
    assert requests.put(f"{place}/a/b.txt", data=b"kept", timeout=PATIENCE_S).ok
    request = requests.Request("DELETE", place).prepare()
    request.url = f"{place}/{path}"
    assert requests.Session().send(request, timeout=PATIENCE_S).status_code == 400
    assert requests.get(f"{place}/a/b.txt", timeout=PATIENCE_S).content == b"kept"
    assert requests.get(place, params={"path": "a"}, timeout=PATIENCE_S).json()["files"]


@pytest.mark.parametrize("name", ["plain.txt", "a name.txt", "größe+1&2=3@x!.txt", ".hidden", "…"])
def test_files_of_other_names_are_served(name: str, mlflow: Server) -> None:
    place = f"{mlflow.url}/api/2.0/mlflow-artifacts/artifacts/{quote(name)}"
    assert requests.put(place, data=b"kept", timeout=PATIENCE_S).ok
    assert requests.get(place, timeout=PATIENCE_S).content == b"kept"
    assert requests.delete(place, timeout=PATIENCE_S).ok
    assert not requests.get(place, timeout=PATIENCE_S).ok


def test_its_artifacts_go_through_it(mlflow: Server) -> None:
    made = post(f"{mlflow.url}/api/2.0/mlflow/experiments/create", '{"name": "a"}').json()
    got = requests.get(
        f"{mlflow.url}/api/2.0/mlflow/experiments/get", params=made, timeout=PATIENCE_S
    ).json()["experiment"]
    assert got["artifact_location"] == f"mlflow-artifacts:/{made['experiment_id']}"
