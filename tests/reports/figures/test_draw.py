from xml.etree import ElementTree

import pytest

from reports.analysis.results import read_results
from reports.analysis.run_analysis import analyse
from reports.figures.draw import COMPARED, DIAGNOSED, first_figures, gallery, write_figures


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
        "front", "accuracy", "training-cost", "inference-cost", "lengths", "learning", "risk-coverage", "confusion",
        "reliability",
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


def test_a_live_report_draws_the_front_only(folder):
    assert [drawing.name for drawing in first_figures(analyse(read_results(folder)))] == ["front-1"]


def test_the_front_says_what_it_shows(figures):
    (front,) = [path.read_text() for path in figures if path.stem == "front-1"]
    assert "machine hours a month: 1,000,000 texts, 1 training" in front
    assert "tfidf_logreg, ce: 84.0" in front


def test_errors_fall_with_the_share_of_texts_answered(folder):
    (drawn,) = [one for one in gallery(analyse(read_results(folder))).risk_coverage if one.name == "risk-coverage-2000"]
    assert "tfidf_logreg: " in drawn.description
    shares = [float(part.split(" %")[0].split()[-1]) for part in drawn.description.split("; ")]
    assert all(share < 10 for share in shares)  # of all texts, 10 to 20 % are wrong
