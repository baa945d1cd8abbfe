"""Registered models behind MLflow's scoring server, asked with curl."""

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pytest
import requests

from tests.conftest import free_port
from tests.e2e.servers import environment_without
from tests.patience import PATIENCE_S, goes_on

ROOT = Path(__file__).resolve().parents[2]
TINY = ["rnn.epochs=2", "rnn.hidden=16", "rnn.batch=4", "rnn.steps=10", "rnn.max_tokens=2000", "mlp.epochs=1"]


@pytest.fixture(scope="module")
def environment(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A home with a version of each model, and the environment that leads to it."""
    home = tmp_path_factory.mktemp("home")
    (home / "mlflow.db").write_bytes(empty_database.read_bytes())
    found = environment_without("PREFECT_", "MLFLOW_")
    found |= {"SEQSTEP_HOME": str(home), "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
    subprocess.run([*SEQSTEP, "run", "--json", "--set", *TINY], env=found, capture_output=True, check=True)
    return found


SEQSTEP = [sys.executable, "-m", "seqstep_cli.main"]


class Served(NamedTuple):
    """`seqstep serve` as a process, and what it printed."""

    process: subprocess.Popen[str]
    model: str
    url: str
    curl: str
    answered_by: dict[str, Any]


@contextmanager
def serving(environment: dict[str, str], model: str) -> Iterator[Served]:
    """Serve a model from a directory of no meaning, until the end."""
    command = [*SEQSTEP, "serve", model, "--port", str(free_port()), "--json"]
    with subprocess.Popen(command, env=environment, cwd="/", stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield Served(process, **json.loads(process.stdout.readline()))
        process.terminate()


@pytest.fixture(scope="module", params=["rnn", pytest.param("rnn-scratch", marks=pytest.mark.soak), "mlp"])
def served(request: pytest.FixtureRequest, environment: dict[str, str]) -> Iterator[Served]:
    with serving(environment, request.param) as found:
        yield found


def curl(url: str, body: str, *options: str) -> tuple[int, Any]:
    """Ask with curl; return the status and the document of the answer."""
    header = ["-H", "Content-Type: application/json"]
    command = [
        "curl",
        "-sS",
        "-m",
        str(PATIENCE_S),
        "-w",
        "\n%{http_code}",
        *header,
        "--data-binary",
        "@-",
        *options,
        url,
    ]
    done = subprocess.run(command, input=body, capture_output=True, text=True, check=True)
    answer, _, status = done.stdout.rpartition("\n")
    return int(status), json.loads(answer)


def test_the_command_that_is_printed_is_answered(served: Served) -> None:
    done = subprocess.run([*shlex.split(served.curl), "-sS"], capture_output=True, text=True, check=True)
    (answer,) = json.loads(done.stdout)["predictions"]
    if "mlp" in served.model:
        assert len(answer) == 1 and isinstance(answer[0], float)
    else:
        assert answer.startswith("time traveller") and len(answer) == len("time traveller") + 50


def test_an_answer_is_what_the_command_line_says(served: Served, environment: dict[str, str]) -> None:
    name = served.model.split()[0].removeprefix("seqstep-")
    if name == "mlp":
        status, document = curl(
            served.url, '{"inputs": [[0, 1, 1, 0], [1, 2, 3, 4]], "params": {"horizon": 3}}'
        )
        assert status == 200 and [len(row) for row in document["predictions"]] == [3, 3]
        return
    params = {"length": 20, "temperature": 0.8, "top_k": 5, "seed": 7}
    status, document = curl(served.url, json.dumps({"inputs": ["the keeper"], "params": params}))
    options = ["--length", "20", "--temperature", "0.8", "--top-k", "5", "--seed", "7", "--model", name]
    command = [*SEQSTEP, "generate", "--prefix", "the keeper", *options]
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    assert (status, document["predictions"]) == (200, [said.removesuffix("\n")])


WINDOW = "[[0, 0, 0, 0]]"
BAD_EVERYWHERE = [
    ("not JSON", "expected JSON"),
    ('{"prefix": "a"}', "got the fields prefix"),
    ('{"instances": ["a"]}', "got the fields instances"),
    ('{"inputs": null}', ""),
    ('{"inputs": 5}', ""),
    ('{"inputs": {"a": 1}}', ""),
    ('{"inputs": [{}]}', ""),
    ('{"inputs": [["a", "b", "c", "d"]]}', ""),
    (f'{{"inputs": {WINDOW}, "params": {{"speed": 1}}}}', "got speed"),
]
BAD_TEXTS = [
    ('{"inputs": [1]}', "Expected type str"),
    ('{"inputs": [""]}', "at least one char"),
    ('{"inputs": ["a"], "params": {"length": -1}}', "expected length from 0"),
    ('{"inputs": ["a"], "params": {"length": 1000000}}', "expected length from 0"),
    ('{"inputs": ["a"], "params": {"length": "ten"}}', "`ten`"),
    ('{"inputs": ["a"], "params": {"length": 2.5}}', "`2.5`"),
    ('{"inputs": ["a"], "params": {"temperature": -1}}', "temperature of 0 or more"),
    ('{"inputs": ["a"], "params": {"horizon": 1}}', "got horizon"),
]
BAD_WINDOWS = [
    ('{"inputs": ["a"]}', ""),
    ('{"inputs": [["1", 2, 3, 4]]}', "expected numbers in inputs, got '1'"),
    ('{"inputs": [[1, 2, 3, true]]}', "expected numbers in inputs, got True"),
    ('{"inputs": [[1, 2, 3]]}', "(1, 3) does not match expected shape (-1, 4)"),
    ('{"inputs": [[0, 0, 0, 0], [1]]}', "inhomogeneous"),
    ('{"inputs": [[0, 0, 0, null]]}', "expected windows of 4 finite values"),
    (f'{{"inputs": {WINDOW}, "params": {{"horizon": 0}}}}', "expected a horizon from 1"),
    (f'{{"inputs": {WINDOW}, "params": {{"horizon": 1000000}}}}', "expected a horizon from 1"),
    (f'{{"inputs": {WINDOW}, "params": {{"horizon": "far"}}}}', "`far`"),
]


def test_a_bad_request_gets_a_4xx_with_a_reason(served: Served) -> None:
    own = BAD_WINDOWS if "mlp" in served.model else BAD_TEXTS
    for body, reason in [*BAD_EVERYWHERE, *own]:
        status, document = curl(served.url, body)
        assert 400 <= status < 500 and reason in document["message"], (body, status, document)
        assert document["message"] and "Traceback" not in json.dumps(document)
    for header in ({}, {"Content-Type": "text/csv"}):
        answer = requests.post(served.url, b"a", headers=header, timeout=PATIENCE_S)
        assert answer.status_code == 415 and "application/json" in answer.json()["message"]


def test_mlflow_serves_a_registered_model_by_itself(environment: dict[str, str]) -> None:
    port, home = free_port(), environment["SEQSTEP_HOME"]
    options = ["-m", "models:/seqstep-rnn/1", "--env-manager", "local", "--port", str(port)]
    more = {"MLFLOW_TRACKING_URI": f"sqlite:///{home}/mlflow.db"}
    more["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    with subprocess.Popen(
        [sys.executable, "-m", "mlflow", "models", "serve", *options],
        env=environment | more,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stderr
        assert any("Uvicorn running" in line for line in process.stderr)
        url = f"http://127.0.0.1:{port}/invocations"
        assert curl(url, '{"inputs": ["the keeper"], "params": {"length": 3}}')[0] == 200
        status, document = curl(url, '{"inputs": [""]}')
        os.killpg(process.pid, signal.SIGTERM)
    assert status == 400 and "at least one char" in document["message"]


def test_ctrl_c_stops_the_server_and_its_port_is_free_again(environment: dict[str, str]) -> None:
    with serving(environment, "mlp") as served:
        children = psutil.Process(served.process.pid).children(recursive=True)
        assert children
        served.process.send_signal(signal.SIGINT)
        assert served.process.wait(30) == 0
    assert [child for child in children if goes_on(child)] == []
    with pytest.raises(requests.ConnectionError):
        requests.get(served.url, timeout=5)


def refused(environment: dict[str, str], *argv: str) -> tuple[int, str]:
    command = [*SEQSTEP, "serve", *argv]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


def test_what_can_not_be_served_is_refused_in_words(environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        status, said = refused(environment, "--host", "0.0.0.0", "--port", port)
    assert (status, f"expected port {port} to be free" in said, "--port" in said) == (1, True, True), said
    assert "WARNING: --host 0.0.0.0 lets everyone" in said
    for argv, reason in (
        (["rnn/9"], "there is no version 9 of seqstep-rnn"),
        (["foo"], "there is no model seqstep-foo"),
        (["--host", "nowhere.invalid"], "expected an address of this machine in --host"),
        (["--host", "192.0.2.1"], "port 5001, got: Cannot assign requested address"),
    ):
        status, said = refused(environment, *argv)
        assert status == 2 and reason in said


def test_a_damaged_model_is_refused_by_name(environment: dict[str, str]) -> None:
    models = Path(environment["SEQSTEP_HOME"], "mlartifacts", "models")
    (code,) = models.glob("*/artifacts/forecast.py")
    whole = code.read_bytes()
    for damage in (whole + b"# changed", b""):
        code.write_bytes(damage)
        status, said = refused(environment, "mlp")
        assert status == 2 and "for seqstep-mlp version 1 in " in said and "train it again" in said
    code.write_bytes(whole)
