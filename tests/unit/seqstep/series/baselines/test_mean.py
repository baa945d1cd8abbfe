import numpy as np

from seqstep.series.baselines.mean import Mean
from seqstep.series.forecaster import forecast_next


def test_the_mean_of_what_was_known_when_it_was_fitted_is_forecast() -> None:
    fitted = Mean().fit(np.array([1.0, 2.0, 6.0]), (1, 64), seed=0)
    assert forecast_next(fitted, np.array([100.0])).tolist() == [3, 3]
    assert fitted.parameters == 1
