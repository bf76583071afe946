"""Results of earlier versions."""

import pytest

from benchmarks.schema.measurements import Measurement
from benchmarks.schema.result import CellResult
from tests.benchmarks.schema.test_comparability import spec


def fitted(cached, **fit):
    """A result whose model labels 50 texts a second."""
    measurements = [
        Measurement(phase="fit", examples=[100], tokens=[], seconds=[2.0], **fit),
        Measurement(phase="text_to_label", examples=[100, 100], tokens=[], seconds=[1.9, 2.1]),
    ]
    return CellResult(spec=spec(), status="ok", measurements=measurements, fit={"cached_texts": cached})


@pytest.mark.parametrize(("cached", "fit", "cost"), [(150, {}, 5.0), (0, {}, 2.0), (150, {"spared": [0.5]}, 2.5)])
def test_a_result_without_spared_seconds_gets_those_of_its_cached_texts(cached, fit, cost):
    result = fitted(cached, **fit)
    assert result.measurement("fit").costs == [pytest.approx(cost)]
    again = CellResult.model_validate_json(result.model_dump_json())
    assert again.measurement("fit").costs == [pytest.approx(cost)]
