import numpy as np

from seqstep.series.baselines.last_value import LastValue
from seqstep.series.forecaster import forecast_next


def test_the_last_value_is_repeated_at_every_horizon() -> None:
    fitted = LastValue().fit(np.array([3.0, 5.0]), (1, 4, 9), seed=0)
    assert forecast_next(fitted, np.array([1.0, 2.0, 7.0])).tolist() == [7, 7, 7]
    assert fitted.parameters == 0
