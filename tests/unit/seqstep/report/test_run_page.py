"""A run's own facts on the page of the report: in place of the general ones, and safe whatever they say."""

import re

from seqstep.report.notes_figures import Compared
from seqstep.report.page import ReportSection, render
from seqstep.report.run_page import Cost, StageLine, complete, costs

PAGE = render("title", {"Profile": "quick"}, [ReportSection("One", texts={"caption": "text"})])
STAGES = [
    StageLine("train", "completed", 12.345, "perplexity 4"),
    StageLine("report", "cached", 0.1, "report.html", "2026-11-23 20:15, in 0.4 s, by run 3f2a91bc"),
]


def test_the_facts_of_a_run_take_the_place_of_the_general_ones() -> None:
    page = complete(PAGE, {"When": "today"}, {}, STAGES)
    assert "<dt>When</dt><dd>today</dd>" in page and "<dt>Profile</dt>" not in page
    assert re.findall("<h2>(.*)</h2>", page) == ["What was run", "One"]
    assert page.startswith("<!doctype html>") and page.rstrip().endswith("</html>")
    assert complete(page.replace("today", ""), {}, {}, []).count("<!-- this run -->") == 0


def test_cached_stages_are_marked_and_say_when_and_by_whom_they_were_computed() -> None:
    train, report = re.findall('<tr><th scope="row">.*</tr>', complete(PAGE, {}, {}, STAGES))
    assert 'class="mark completed">completed<' in train and "12.3" in train and "in this run" in train
    assert 'class="mark cached">cached<' in report and "in 0.4 s, by run 3f2a91bc" in report


def test_the_notes_are_compared_with_only_if_they_are_given() -> None:
    row = Compared("lines", "3,221", "3,220", "−1")
    assert '<td class="number">−1</td>' in complete(PAGE, {}, {}, STAGES, [row])
    assert "the notes" not in complete(PAGE, {}, {}, STAGES)


def test_what_each_model_took_is_told_where_models_were_compared() -> None:
    metrics = {
        "backtest": {
            "backtest/ar_direct/seconds": 0.5,
            "backtest/gru_direct/seconds": 27.5,
            "backtest/gru_direct/rmse_k001": 0.2,
        },
        "compare_language": {"compare/start/witten_bell/seconds": 0.25},
        "train_rnn": {"train/seconds": 3.0},
    }
    spent = costs(metrics)
    assert spent == [
        Cost("backtest", "gru_direct", 27.5),
        Cost("backtest", "ar_direct", 0.5),
        Cost("compare/start", "witten_bell", 0.25),
    ]
    row = '<tr><th scope="row">backtest</th><td>gru_direct</td><td class="number">27.50</td></tr>'
    assert row in complete(PAGE, {}, {}, STAGES, spent=spent)
    assert "What each model took" not in complete(PAGE, {}, {}, STAGES)


def test_links_are_written_out() -> None:
    page = complete(PAGE, {}, {"MLflow": "http://127.0.0.1:5000/#/runs/1"}, [])
    assert '<a href="http://127.0.0.1:5000/#/runs/1">http://127.0.0.1:5000/#/runs/1</a>' in page


def test_whatever_a_run_says_it_stays_text() -> None:
    evil = '<script>alert("1")</script>'
    page = complete(PAGE, {evil: evil}, {}, [StageLine(evil, evil, 1, evil, evil)], [Compared(*[evil] * 4)])
    assert "<script" not in page
