import pytest

from seqstep.errors import ConfigError
from seqstep.sweep.search import Choices, Span, read_space, samples


def test_ranges_are_of_whole_numbers_where_the_setting_is_and_lists_are_choices() -> None:
    texts = ["rnn.learning_rate=0.05..1.0", "rnn.hidden=16..512:log", "rnn_layer.cell=rnn, gru"]
    texts += ["mlp.learning_rate=1e-4..1e-1:log", "corpus.path=../a.txt,../b.txt", "gru.learning_rate=1..2"]
    assert read_space(texts, "quick") == {
        "rnn.learning_rate": Span(0.05, 1.0),
        "rnn.hidden": Span(16, 512, log=True, whole=True),
        "rnn_layer.cell": Choices(("rnn", "gru")),
        "mlp.learning_rate": Span(1e-4, 1e-1, log=True),
        "corpus.path": Choices(("../a.txt", "../b.txt")),
        "gru.learning_rate": Span(1, 2),
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rnn.learning_rate", "expected KEY=LOW..HIGH or KEY=A,B"),
        ("rnn.rate=0.1..1", "there is no setting rnn.rate; did you mean"),
        ("rnn.hidden=0..8", "rnn.hidden can't be '0'"),
        ("rnn.hidden=4..8.5", "rnn.hidden can't be '8.5'"),
        ("mlp.train_share=0.5..1.5", "mlp.train_share can't be '1.5'"),
        ("rnn.hidden=8..4", "expected the lower end of rnn.hidden first, got 8 and 4"),
        ("rnn.hidden=4..4", "expected the lower end"),
        ("series.noise_std=0..1:log", "above 0 for a logarithmic scale"),
        ("corpus.path=1..2", "corpus.path is no number"),
        ("rnn_layer.cell=rnn,gro", "rnn_layer.cell can't be 'gro'"),
        ("rnn.hidden=4..8:lgo", "rnn.hidden can't be '4..8:lgo'"),
        ("rnn.hidden=", "expected values of rnn.hidden"),
    ],
)
def test_a_search_that_means_nothing_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read_space([text], "quick")
    assert words in str(refused.value)


def test_bounds_are_tried_on_what_the_user_has_set() -> None:
    with pytest.raises(ConfigError, match=r"there is no setting rnn\.epoch"):
        read_space(["rnn.hidden=4..8"], "quick", [{"rnn": {"epoch": 1}}])
    with pytest.raises(ConfigError, match="in the search once"):
        read_space(["rnn.hidden=4..8", "rnn.hidden=4..9"], "quick")


def test_samples_of_a_search_have_every_choice_and_both_ends_with_the_first_of_all_others() -> None:
    space = {"a": Choices(("x", "y", "z")), "b": Span(2, 9, whole=True), "c": Choices(("1",))}
    assert [tuple(point.values()) for point in samples(space)] == [
        ("x", "2", "1"),
        ("y", "2", "1"),
        ("z", "2", "1"),
        ("x", "9", "1"),
    ]
