"""The process of a sweep's point: what it answers, and who can end it."""

import os
import signal
from pathlib import Path

import pytest

from seqstep_cli.point_process import PointProcess, end_all, wait_for_one
from stagecraft.files.home import Home

ROOT = Path(__file__).parents[2]
SETTINGS = {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}


def test_its_document_and_the_reason_of_a_failure_are_what_it_printed(home: Home) -> None:
    plan = PointProcess(["plan", "--until", "series", "--json"], SETTINGS)
    wrong = PointProcess(["run", "quik", "--json"], SETTINGS)
    usage = PointProcess(["run", "--untill", "series"], SETTINGS)
    for process in (plan, wrong, usage):
        wait_for_one([process])
    document, reason = plan.answer()
    assert reason == "" and [stage["name"] for stage in document["stages"]] == ["series"]
    assert wrong.answer().reason == "there is no profile 'quik'; did you mean quick?"
    assert usage.answer().reason.startswith("seqstep: unrecognized arguments: --untill")


def test_ctrl_c_does_not_reach_it_and_one_that_dies_says_by_what(home: Home) -> None:
    process = PointProcess(["plan", "--until", "series", "--json"], SETTINGS)
    os.kill(process._process.pid, signal.SIGINT)
    wait_for_one([process])
    assert process.answer().reason == ""
    killed = PointProcess(["plan", "--json"], SETTINGS)
    killed.end()
    assert killed.answer() == ({}, "its process was ended by SIGKILL")


def test_all_are_ended_by_being_asked_to(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seqstep_cli.point_process._PATIENCE_S", 0)
    processes = [PointProcess(["plan", "--json"], SETTINGS) for _ in range(2)]
    end_all(processes)
    assert all(process.has_ended() for process in processes)
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, set())
