"""The work of a report grows little faster than the number of its configurations, for runs of hundreds of them."""

import cProfile
import io
import pstats

from rich.console import Console

from reports.analysis.results import read_results
from reports.analysis.run_analysis import analyse
from reports.render.cells_csv import cell_figures
from reports.render.tables import tables
from reports.render.terminal import print_tables

CONFIGURATIONS = (8, 16, 32)


def calls(folder):
    """Function calls of a report's statistics and tables; these do not depend on the machine or its load."""
    profile = cProfile.Profile()
    with profile:
        analysis = analyse(read_results(folder))
        print_tables(analysis, Console(file=io.StringIO()))
        tables(analysis)
        cell_figures(analysis.results)
    return pstats.Stats(profile).total_calls


def test_twice_the_configurations_are_far_from_four_times_the_work(write_results, tmp_path):
    counted = []
    for count in (CONFIGURATIONS[0], *CONFIGURATIONS):  # the first one also fills caches
        folder = tmp_path / str(len(counted))
        params = [{"copy": number} for number in range(count)]
        write_results(folder, {("lstm", "ce"): 0.8}, seeds=(1, 2), test_rows=60, model_params={"lstm": params})
        counted.append(calls(folder))
    _, few, more, many = counted
    assert (many - more) / (more - few) < 3.2  # linear: 2, n log n: 2.4, quadratic: 4, cubic: 8
