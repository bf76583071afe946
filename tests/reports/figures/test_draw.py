from xml.etree import ElementTree

import pytest

from reports.analysis.results import read_results
from reports.analysis.run_analysis import analyse
from reports.figures.draw import COMPARED, DIAGNOSED, gallery, write_figures
from reports.figures.result_panels import front


@pytest.fixture(scope="module")
def folder(tmp_path_factory, write_results):
    folder = tmp_path_factory.mktemp("results")
    write_results(folder, train_sizes=(500, 2000))
    return folder


@pytest.fixture(scope="module")
def figures(folder):
    return write_figures(folder)


def test_every_kind_is_drawn(figures):
    kinds = {path.stem.rsplit("-", 1)[0] for path in figures}
    assert kinds >= {
        "accuracy", "training-cost", "inference-cost", "lengths", "learning", "confusion", "reliability",
    }  # fmt: skip


def test_figures_are_svg_with_a_title_and_a_description(figures):
    for path in figures:
        root = ElementTree.fromstring(path.read_text())
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        described = root.attrib["aria-labelledby"].split()
        texts = [element.text for element in root.iter() if element.get("id") in described]
        assert len(texts) == 2
        assert all(texts)


def test_written_again_they_have_the_same_bytes_and_those_of_an_earlier_report_go(figures, folder):
    before = {path: path.read_bytes() for path in figures}
    old, own = (folder / "figures" / name for name in ("accuracy-999.svg", "accuracy-of-mine.svg"))
    old.write_text("<svg/>")
    own.write_text("<svg/>")
    assert {path: path.read_bytes() for path in write_figures(folder)} == before
    assert not old.exists()
    assert own.exists()


def test_hostile_names_stay_text(tmp_path, write_results):
    write_results(tmp_path, hostile=True)
    for path in write_figures(tmp_path):
        tags = {element.tag.rsplit("}")[-1] for element in ElementTree.fromstring(path.read_text()).iter()}
        assert "script" not in tags


def test_the_front_is_what_no_other_beats_in_both():
    costs, gains = [1, 2, 3, 4, 2], [0.5, 0.8, 0.7, 0.9, 0.6]
    assert front(costs, gains, cheap_is_low=True) == [0, 1, 3]
    assert front(costs, gains, cheap_is_low=False) == [3]


def test_many_classes_list_the_most_frequent_confusions_instead_of_every_pair(tmp_path, write_results):
    write_results(tmp_path, {("lstm", "ce"): 0.6}, seeds=(1,), classes=[f"class {n}" for n in range(300)])
    (drawn,) = [path for path in write_figures(tmp_path) if path.stem.startswith("confusion")]
    assert "Most frequent confusions" in drawn.read_text()
    assert drawn.stat().st_size < 100_000  # 90,000 patches take several megabytes


def test_of_many_configurations_the_most_accurate_are_drawn(tmp_path, write_results):
    params = {"lstm": [{"epochs": n} for n in range(COMPARED + 1)]}
    write_results(tmp_path, {("lstm", "ce"): 0.8}, seeds=(1,), test_rows=100, model_params=params)
    found = gallery(analyse(read_results(tmp_path)))
    assert len(found.confusion) == len(found.reliability) == DIAGNOSED
    assert f"the {COMPARED} most accurate of each training size" in found.not_drawn
