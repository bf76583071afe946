"""The plug-ins in `examples/`: short, sound, and shown as they are."""

import importlib.util

import numpy as np
import pytest

from benchmarks.hardware.origin import CHECKOUT
from benchmarks.registry import model_contract, plugins
from benchmarks.registry import names as registered
from benchmarks.registry.entries import add_plugin, model_class
from benchmarks.registry.model_contract import Trained

EXAMPLES = CHECKOUT / "examples"
SMALL = {
    "mean_of_words": {"min_steps": 30},
    "textcnn": {"filters": 8, "learning_rate": 0.01},
    "lora_distilbert": {"max_length": 32, "epochs": 1},
}
CHECKS = [
    model_contract.it_is_what_the_registry_says,
    model_contract.its_defaults_are_its_configuration,
    model_contract.its_report_says_what_was_learnt_and_chosen,
    model_contract.its_scores_are_probabilities_of_each_class,
    model_contract.a_text_scores_the_same_alone_and_in_any_batch,
    model_contract.a_saved_model_scores_the_same_and_holds_no_pickle,
    model_contract.three_classes_have_three_columns,
]
"""Those that depend on what an example adds; the rest is inherited, and checked where it is."""


@pytest.fixture(scope="module", params=SMALL)
def trained(request):
    file = request.param.removesuffix("_distilbert")
    if file == "lora" and importlib.util.find_spec("peft") is None:
        pytest.skip("peft is not installed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registered, "_added", {"models": {}, "losses": {}, "datasets": {}})
        patch.setattr(plugins, "_loaded", {})
        registered.targets.cache_clear()
        add_plugin(EXAMPLES / f"{file}.py")
        yield Trained(request.param, SMALL[request.param])
    registered.targets.cache_clear()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_contract(trained, check):
    check(trained)


def test_lora_changes_little_and_learns_it(trained):
    if trained.name != "lora_distilbert":
        pytest.skip("another example")
    model, report = trained.fitted
    encoder = model._net.encoder
    whole = sum(parameter.numel() for parameter in encoder.parameters())
    assert report.parameters < 0.02 * whole
    moved = [
        layer.weight.abs().max().item() for name, layer in encoder.named_modules() if name.endswith("lora_B.default")
    ]
    assert len(moved) == 2 * model._config.n_layers
    assert min(moved) > 0  # it began at nought
    pretrained = model_class("distilbert")()
    pretrained._prepare(None)
    kept = dict(encoder.named_parameters())["transformer.layer.0.attention.q_lin.base_layer.weight"].detach().numpy()
    np.testing.assert_array_equal(kept, pretrained._pretrained["transformer.layer.0.attention.q_lin.weight"].numpy())


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_an_example_is_short(path):
    assert len(path.read_text().splitlines()) < 60


@pytest.mark.parametrize("file", ["mean_of_words.py", "textcnn.py"])
def test_the_example_in_the_docs_is_the_one_that_is_tested(file):
    page = (CHECKOUT / "docs" / "how-to" / "add-a-model.md").read_text()
    assert f"```python\n{(EXAMPLES / file).read_text()}```" in page
