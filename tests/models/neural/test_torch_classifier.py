"""The training loop, with a network that has next to nothing of its own: a bag of letters."""

import json
import pickle
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
import torch
from pydantic import PositiveFloat, PositiveInt
from safetensors.torch import load_file, save_file
from torch import nn
from torch.optim.optimizer import register_optimizer_step_pre_hook

from data.dataset import Split
from losses.ce import CrossEntropy
from losses.length_weighted_ce import LengthWeightedCrossEntropy
from models.model import Runtime, SilentMonitor, TrainingState, select
from models.neural import training
from models.neural.torch_classifier import CONFIG_FILE, TorchClassifier
from models.neural.training import CHECK_EVERY, decay_groups, warmup_decay
from models.neural.weights_file import WEIGHTS_FILE

LETTERS = 32


class BagNetwork(nn.Module):
    def __init__(self, num_classes):
        super().__init__()
        self.embedding = nn.Embedding(LETTERS, 8)
        self.hidden = nn.Linear(8, 8)
        self.head = nn.Linear(8, num_classes)
        self.computed_in = set()

    def forward(self, input_ids, mask):
        summed = (self.embedding(input_ids) * mask[..., None]).sum(dim=1)
        hidden = self.hidden(summed)
        self.computed_in.add(hidden.dtype)
        return self.head(hidden.tanh())


class Bag(TorchClassifier):
    name = "bag"

    def __init__(
        self,
        *,
        max_length: PositiveInt = 8,
        epochs: PositiveInt = 4,
        batch_size: PositiveInt = 4,
        learning_rate: PositiveFloat = 0.05,
        weight_decay: float = 0.01,
        warmup: float = 0.1,
        clip_norm: PositiveFloat = 1.0,
        patience: PositiveInt | None = None,
        min_steps: int = 0,
    ) -> None:
        super().__init__(
            max_length=max_length,
            epochs=epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            weight_decay=weight_decay,
            warmup=warmup,
            clip_norm=clip_norm,
            patience=patience,
            min_steps=min_steps,
        )

    def _prepare(self, train):
        pass

    def _token_ids(self, texts):
        ids = [np.array([ord(letter) % LETTERS for letter in text], dtype=np.int32) for text in texts]
        return [row[: self.max_length] for row in ids], np.array([len(row) for row in ids])

    def _network(self, num_classes):
        return BagNetwork(num_classes)

    def _save_vocabulary(self, folder):
        pass

    def _load_vocabulary(self, folder):
        pass


def split_of(texts, labels, lengths=None):
    size = len(texts)
    lengths = np.array([len(text) for text in texts]) if lengths is None else np.array(lengths)
    return Split(tuple(texts), np.array(labels), lengths, np.arange(size), ("negative", "positive"))


def letters(size, seed=0):
    generator = np.random.default_rng(seed)
    return ["".join(generator.choice(list("abcdefgh"), generator.integers(1, 8))) for _ in range(size)]


EASY = split_of([text + mark for text in letters(20) for mark in "yz"], [0, 1] * 20)
"""`z` at the end is what makes a text positive."""

NOISE = split_of(letters(40, seed=1), np.random.default_rng(1).integers(0, 2, 40))
FLIPPED = replace(EASY, labels=1 - EASY.labels)
TEXTS = ["abz", "y", "", "hgfedcbaz", "ccc"]


def fit(train=EASY, valid=EASY, loss=None, runtime=Runtime(), monitor=None, **settings):
    model = Bag(**settings)
    return model, model.fit(train, valid, loss or CrossEntropy(train.lengths, train.labels), runtime, monitor)


def score(model, texts=TEXTS):
    return model.score(model.encode(texts))


def weights(model):
    return torch.cat([weight.flatten() for weight in model._net.state_dict().values()])


def log_loss(model, split):
    probabilities = score(model, split.texts)
    return -np.log(probabilities[np.arange(len(split)), split.labels]).mean()


@pytest.fixture
def steps():
    """What the optimizer is given at each step: the learning rate and the norm of the gradient."""
    seen = []

    def look(optimizer, args, kwargs):
        gradients = [p.grad.flatten() for group in optimizer.param_groups for p in group["params"]]
        seen.append((optimizer.param_groups[0]["lr"], torch.cat(gradients).norm().item()))

    handle = register_optimizer_step_pre_hook(look)
    yield seen
    handle.remove()


def test_it_learns_what_is_easy():
    model, report = fit(epochs=10)
    assert (score(model, EASY.texts).argmax(axis=1) == EASY.labels).all()
    assert report.history[-1]["train_loss"] < 0.1 < report.history[0]["train_loss"]
    assert report.parameters == LETTERS * 8 + 8 * 8 + 8 + 8 * 2 + 2


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_the_model_has_the_weights_of_the_epoch_that_validation_chose(precision):
    model, report = fit(NOISE, split_of(letters(40, seed=2), NOISE.labels), epochs=8, runtime=Runtime("cpu", precision))
    losses = [entry["valid_loss"] for entry in report.history]
    assert 0 < report.selected == select(report.history) < len(losses) - 1
    found = log_loss(model, split_of(letters(40, seed=2), NOISE.labels))
    assert found == pytest.approx(losses[report.selected], abs=1e-5)
    assert found != pytest.approx(losses[-1], abs=1e-3)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_the_scores_of_validation_are_those_of_the_chosen_epoch(precision, tmp_path):
    valid = split_of(letters(40, seed=2), NOISE.labels)
    model, report = fit(NOISE, valid, epochs=8, runtime=Runtime("cpu", precision))
    assert report.selected < 7
    np.testing.assert_array_equal(model.valid_scores(), score(model, valid.texts))
    model.save(tmp_path)
    assert Bag.load(tmp_path).valid_scores() is None


def test_history_is_the_loss_and_accuracy_of_each_epoch():
    model, report = fit(epochs=3)
    assert [entry["epoch"] for entry in report.history] == [1, 2, 3]
    chosen = report.history[report.selected]
    assert chosen["valid_accuracy"] == (score(model, EASY.texts).argmax(axis=1) == EASY.labels).mean()
    assert report.history[-1]["learning_rate"] == 0.0


def test_the_training_loss_is_the_mean_over_all_rows():
    """Also where the last batch is smaller than the others, and with weights that do not move."""
    model, report = fit(EASY.take(np.arange(38)), epochs=1, learning_rate=1e-12)
    assert report.history[0]["train_loss"] == pytest.approx(log_loss(model, EASY.take(np.arange(38))), abs=1e-5)


def test_one_seed_gives_one_model():
    first, again, other = (fit(runtime=Runtime(seed=seed))[0] for seed in (3, 3, 4))
    assert torch.equal(weights(first), weights(again))
    assert not torch.equal(weights(first), weights(other))


def test_the_precision_asked_for_is_the_one_computed_in():
    """One after the other in one process: a runtime must not linger."""
    for precision, dtype in (("fp32", torch.float32), ("bf16", torch.bfloat16), ("fp32", torch.float32)):
        model, _ = fit(epochs=1, runtime=Runtime("cpu", precision))
        assert model._net.computed_in == {dtype}
        assert weights(model).dtype == torch.float32


def test_fp16_is_refused_on_the_cpu():
    with pytest.raises(ValueError, match=r"^precision 'fp16' does not run on device 'cpu' \(choices: fp32, bf16\)$"):
        fit(runtime=Runtime("cpu", "fp16"))


class NanAt(CrossEntropy):
    def __init__(self, lengths, labels, step, value=float("nan")):
        super().__init__(lengths, labels)
        self.left, self.value = step, value

    def __call__(self, logits, labels, lengths):
        self.left -= 1
        losses = super().__call__(logits, labels, lengths)
        return losses * self.value if self.left == 0 else losses


@pytest.mark.parametrize("step", [1, 3, 10, 27])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_ends_training_and_names_the_step(step, value):
    """Within the first look at the losses, at an epoch's last step, and in a later epoch."""
    with pytest.raises(FloatingPointError, match=rf"^the training loss is {value} at step {step} of 40$"):
        fit(loss=NanAt(EASY.lengths, EASY.labels, step, value))


def test_losses_are_looked_at_before_an_epoch_ends():
    """Of 120 steps an epoch, no more than CHECK_EVERY are taken after the loss became NaN."""
    long = EASY.take(np.resize(np.arange(40), 480))
    loss = NanAt(long.lengths, long.labels, 25)
    with pytest.raises(FloatingPointError, match="at step 25 of"):
        fit(long, loss=loss, epochs=1)
    assert -loss.left < CHECK_EVERY


def test_a_validation_loss_that_is_no_number_ends_training(monkeypatch):
    monkeypatch.setattr(Bag, "_logits", lambda self, tokens: torch.full((len(tokens), 2), float("nan")))
    with pytest.raises(FloatingPointError, match=r"^the validation loss is nan after step 10$"):
        fit()


@pytest.mark.parametrize(("patience", "epochs"), [(1, 2), (2, 3), (None, 6)])
def test_patience_ends_a_training_that_validation_does_not_reward(patience, epochs):
    _, report = fit(EASY, FLIPPED, epochs=6, patience=patience)
    assert (len(report.history), report.selected) == (epochs, 0)


def test_patience_waits_while_validation_improves():
    assert len(fit(epochs=6, patience=1)[1].history) == 6


@pytest.mark.parametrize(("min_steps", "epochs"), [(0, 2), (20, 2), (21, 3), (45, 5)])
def test_small_training_sets_get_more_epochs(min_steps, epochs):
    _, report = fit(epochs=2, min_steps=min_steps)  # ten steps an epoch
    assert len(report.history) == epochs


@pytest.mark.parametrize(("classes", "epochs"), [(2, 2), (8, 4), (18, 6)])
def test_many_classes_get_more_epochs(classes, epochs):
    many = replace(EASY, class_names=tuple(f"class {number}" for number in range(classes)))
    _, report = fit(many, many, epochs=2, min_steps=20)
    assert len(report.history) == epochs


def test_the_learning_rate_follows_the_schedule_and_gradients_are_clipped(steps):
    fit(epochs=2, learning_rate=0.05, warmup=0.2, clip_norm=0.25)
    rates, norms = zip(*steps, strict=True)
    assert rates == pytest.approx([0.05 * warmup_decay(step, 4, 20) for step in range(20)])
    assert max(norms) <= 0.25 + 1e-6


def test_gradients_would_be_longer_if_they_were_not_clipped(steps):
    fit(epochs=2, clip_norm=1e6)
    assert max(norm for _, norm in steps) > 0.25


class Mute(CrossEntropy):
    """Long texts weigh nothing."""

    def __call__(self, logits, labels, lengths):
        return super().__call__(logits, labels, lengths) * (lengths < 5)


def test_each_text_has_the_weight_of_its_own_length():
    """Texts of weight 0 may have any label: the model is the same. Texts of weight 1 may not."""
    mute = Mute(EASY.lengths, EASY.labels)
    long = EASY.lengths >= 5
    assert 0 < long.sum() < len(EASY)
    original, silent, heard = (
        fit(replace(EASY, labels=labels), loss=mute)[0]
        for labels in (EASY.labels, np.where(long, 1 - EASY.labels, EASY.labels), FLIPPED.labels)
    )
    assert torch.equal(weights(original), weights(silent))
    assert not torch.allclose(weights(original), weights(heard))


def test_a_length_weighted_loss_trains_another_model():
    plain, _ = fit()
    weighted, _ = fit(loss=LengthWeightedCrossEntropy(EASY.lengths, EASY.labels, cap=8))
    unweighted, _ = fit(loss=LengthWeightedCrossEntropy(EASY.lengths, EASY.labels, alpha=0.0))
    assert not torch.allclose(weights(plain), weights(weighted))
    torch.testing.assert_close(weights(plain), weights(unweighted))


class Recorder(SilentMonitor):
    def __init__(self):
        self.steps = []

    def step(self, done, total, examples, tokens, shapes):
        self.steps.append((done, total, examples, tokens, shapes))


def test_the_monitor_hears_of_every_step():
    monitor = Recorder()
    model, _ = fit(EASY.take(np.arange(38)), epochs=2, monitor=monitor)
    done, total, examples, tokens, shapes = zip(*monitor.steps, strict=True)
    assert done == tuple(range(1, 21))
    assert set(total) == {20}
    assert sum(examples) == 2 * 38
    assert sum(tokens) == 2 * model.encode(EASY.texts[:38]).tokens.sum()
    for rows, words, ((padded_rows, longest),) in zip(examples, tokens, shapes, strict=True):
        assert padded_rows == rows
        assert words <= rows * longest


class InterruptionError(Exception):
    pass


class Keeper(SilentMonitor):
    """Keeps the state of every epoch, as JSON where it is no tensor, and interrupts the training after a step."""

    def __init__(self, last_step=None):
        self.last_step, self.state, self.steps = last_step, None, []

    def step(self, done, total, examples, tokens, shapes):
        self.steps.append(done)
        if done == self.last_step:
            raise InterruptionError

    def restore(self):
        self.steps.clear()
        return self.state

    def keep(self, state):
        kept = state()
        tensors = {name: value.clone() for name, value in kept.tensors.items()}
        self.state = TrainingState(tensors, json.loads(json.dumps(kept.facts)))


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_an_interrupted_training_ends_as_an_uninterrupted_one(precision):
    """InterruptionError twice, in the epoch after the best one and later, and at a step of no epoch's end."""
    valid = split_of(letters(40, seed=2), NOISE.labels)
    settings = {"epochs": 8, "runtime": Runtime("cpu", precision)}
    whole, report = fit(NOISE, valid, **settings)
    best = 10 * (report.selected + 1)
    monitor = Keeper()
    for last_step in (best + 3, best + 15):
        monitor.last_step = last_step
        with pytest.raises(InterruptionError):
            fit(NOISE, valid, monitor=monitor, **settings)
    monitor.last_step = None
    resumed, again = fit(NOISE, valid, monitor=monitor, **settings)
    assert monitor.steps == list(range(best + 11, 81))
    assert torch.equal(weights(whole), weights(resumed))
    assert again == report
    assert resumed.valid_scores() is None  # the best epoch was before the interruption


def test_the_state_of_another_training_is_refused():
    monitor = Keeper()
    fit(epochs=2, monitor=monitor)
    monitor.state.tensors["network.head.weight"] = torch.zeros(3, 8)
    with pytest.raises(ValueError, match=r"^the checkpoint is not of this training \(RuntimeError: .*option `fresh`$"):
        fit(epochs=2, monitor=monitor)


def test_the_last_epoch_is_not_kept():
    monitor = Keeper()
    fit(epochs=1, monitor=monitor)
    assert monitor.state is None


class Small(BagNetwork):
    """A network on a device whose memory holds so many rows; where it does not, it says so as torch does."""

    room, refused = 0, []

    def forward(self, input_ids, mask):
        if len(input_ids) > self.room:
            self.refused.append(len(input_ids))
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return super().forward(input_ids, mask)


@pytest.fixture
def room(monkeypatch):
    """Sets how many rows the device's memory holds; what did not fit is in the list it returns."""

    def limit(rows):
        monkeypatch.setattr(Small, "room", rows)
        monkeypatch.setattr(Small, "refused", refused := [])
        monkeypatch.setattr(Bag, "_network", lambda self, num_classes: Small(num_classes))
        return refused

    return limit


@pytest.fixture
def gradients():
    """What the optimizer is given at each step."""
    seen = []

    def look(optimizer, args, kwargs):
        gradients = [p.grad.flatten() for group in optimizer.param_groups for p in group["params"]]
        seen.append(torch.cat(gradients).clone())

    handle = register_optimizer_step_pre_hook(look)
    yield seen
    handle.remove()


@pytest.mark.parametrize(("rows", "left"), [(4, 3), (2, 2), (1, 1)])
def test_gradients_are_the_same_where_memory_does_not_hold_a_batch(room, gradients, rows, left):
    """Of parts of unequal sizes (7 = 3 + 3 + 1); the first batch is the smaller one (40 = 5 * 7 + 5)."""
    settings = {
        "loss": LengthWeightedCrossEntropy(EASY.lengths, EASY.labels, cap=8),
        "batch_size": 7,
        "epochs": 1,
        "clip_norm": 1e6,
        "learning_rate": 1e-12,
    }
    _, report = fit(**settings)
    whole = list(gradients)
    gradients.clear()
    room(rows)
    _, halved = fit(**settings)
    assert (report.rows_at_once, halved.rows_at_once) == (None, left)
    torch.testing.assert_close(torch.stack(gradients), torch.stack(whole), rtol=1e-4, atol=1e-7)
    assert halved.history[0]["train_loss"] == pytest.approx(report.history[0]["train_loss"], rel=1e-6)


def test_a_step_that_runs_out_of_memory_half_way_starts_again(room, gradients, monkeypatch):
    """The part whose gradients were computed before it is not counted twice."""
    fit(batch_size=8, epochs=1, learning_rate=1e-12, clip_norm=1e6)
    whole = list(gradients)
    gradients.clear()
    room(4)
    calls = []
    forward = Small.forward

    def later(self, input_ids, mask):
        calls.append(len(input_ids))
        if len(calls) == 3:  # after 8 rows that did not fit and the first 4 of them that did
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return forward(self, input_ids, mask)

    monkeypatch.setattr(Small, "forward", later)
    fit(batch_size=8, epochs=1, learning_rate=1e-12, clip_norm=1e6)
    assert calls[:7] == [8, 4, 4, 2, 2, 2, 2]
    torch.testing.assert_close(gradients[0], whole[0], rtol=1e-4, atol=1e-7)


def test_a_row_that_does_not_fit_ends_the_training(room):
    room(0)
    with pytest.raises(torch.OutOfMemoryError):
        fit()


def test_scoring_goes_on_in_smaller_batches(room):
    expected = score(fit()[0], EASY.texts)
    room(40)
    model, _ = fit()
    refused = room(3)
    np.testing.assert_allclose(score(model, EASY.texts), expected, atol=1e-6)
    assert refused
    refused.clear()
    score(model, EASY.texts)
    assert refused == []  # it remembers
    room(0)
    with pytest.raises(torch.OutOfMemoryError):
        score(model, EASY.texts)


def test_the_network_is_compiled_for_all_lengths_where_asked_to(monkeypatch):
    compiled = []
    monkeypatch.setattr(BagNetwork, "compile", lambda self, **settings: compiled.append(settings))
    fit(epochs=1)
    assert compiled == []
    model = Bag(epochs=1)
    model.compile = True
    model.fit(EASY, EASY, CrossEntropy(EASY.lengths, EASY.labels))
    assert compiled == [{"dynamic": True}]


@pytest.mark.parametrize(
    ("graphed", "compile_it", "runtime", "recorded"),
    [
        (True, False, Runtime("cuda", "bf16"), True),
        (True, False, Runtime("cpu", "fp32"), False),
        (True, False, Runtime("cuda", "bf16", devices=2), False),
        (True, True, Runtime("cuda", "bf16"), False),
        (False, False, Runtime("cuda", "bf16"), False),
    ],
)
def test_passes_are_recorded_on_one_gpu(monkeypatch, graphed, compile_it, runtime, recorded):
    monkeypatch.setattr(Bag, "graphed", graphed)
    model = Bag()
    model.compile = compile_it
    assert model._records_graphs(runtime) is recorded


def test_the_seed_draws_the_batches():
    """Not the weights alone: the sizes of the batches in words tell their order."""
    drawn = []
    for seed in (3, 3, 4):
        monitor = Recorder()
        fit(monitor=monitor, runtime=Runtime(seed=seed))
        drawn.append([tokens for *_, tokens, _ in monitor.steps])
    assert drawn[0] == drawn[1] != drawn[2]


def test_scores_do_not_depend_on_order_or_company():
    model, _ = fit()
    together = score(model)
    assert together.dtype == np.float64
    np.testing.assert_allclose(together.sum(axis=1), 1, atol=1e-12)
    np.testing.assert_allclose(score(model, TEXTS[::-1])[::-1], together, atol=1e-6)
    np.testing.assert_allclose(np.concatenate([score(model, [text]) for text in TEXTS]), together, atol=1e-6)


def test_many_small_batches_score_as_one_does(monkeypatch):
    model, _ = fit()
    together = score(model, EASY.texts)
    assert len(model.scoring_shapes(model.encode(EASY.texts))) == 1
    monkeypatch.setattr(Bag, "token_budget", {"cpu": 16})
    encoded = model.encode(EASY.texts)
    shapes = model.scoring_shapes(encoded)
    assert sum(rows for rows, _ in shapes) == len(EASY)
    assert all(rows * length <= 16 or rows == 1 for rows, length in shapes)
    assert sum(rows * length for rows, length in shapes) >= encoded.tokens.sum()
    np.testing.assert_allclose(score(model, EASY.texts), together, atol=1e-6)


def test_dropout_is_off_when_scoring_and_on_when_training(monkeypatch):
    modes = []
    forward = BagNetwork.forward

    def spy(self, input_ids, mask):
        modes.append((self.training, torch.is_grad_enabled()))
        return forward(self, input_ids, mask)

    monkeypatch.setattr(BagNetwork, "forward", spy)
    model, _ = fit(epochs=2)
    assert modes.count((True, True)) == 20
    assert set(modes) == {(True, True), (False, False)}
    modes.clear()
    score(model)
    assert set(modes) == {(False, False)}


def test_texts_are_truncated_and_counted():
    encoded = Bag(max_length=3).encode(["abcdef", "ab", ""])
    assert [len(ids) for ids in encoded.features] == encoded.tokens.tolist() == [3, 2, 0]
    assert encoded.available.tolist() == [6, 2, 0]


def test_weight_decay_spares_biases_and_frozen_weights():
    network = BagNetwork(2)
    network.embedding.weight.requires_grad_(requires_grad=False)
    decayed, spared = decay_groups(network, 0.3)
    assert (decayed["weight_decay"], spared["weight_decay"]) == (0.3, 0.0)
    assert {id(p) for p in decayed["params"]} == {id(network.hidden.weight), id(network.head.weight)}
    assert {id(p) for p in spared["params"]} == {id(network.hidden.bias), id(network.head.bias)}


def test_the_schedule_rises_to_one_and_falls_to_zero():
    assert [warmup_decay(step, 2, 6) for step in range(7)] == [0.5, 1.0, 1.0, 0.75, 0.5, 0.25, 0.0]
    assert [warmup_decay(step, 0, 4) for step in range(5)] == [1.0, 0.75, 0.5, 0.25, 0.0]
    assert [warmup_decay(step, 2, 2) for step in range(3)] == [0.5, 1.0, 0.0]


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_saved_model_scores_the_same(tmp_path, precision):
    runtime = Runtime("cpu", precision)
    model, _ = fit(runtime=runtime, max_length=3, patience=2)
    model.save(tmp_path)
    loaded = Bag.load(tmp_path, runtime)
    np.testing.assert_array_equal(score(loaded), score(model))
    assert (loaded.max_length, loaded.patience) == (3, 2)


class Trap:
    """Unpickled, it leaves a mark."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return (type(self.mark).touch, (self.mark,))


def edit_config(**changes):
    def damage(folder):
        config = json.loads((folder / CONFIG_FILE).read_text())
        (folder / CONFIG_FILE).write_text(json.dumps(config | changes))

    return damage


def edit_parameters(**changes):
    def damage(folder):
        config = json.loads((folder / CONFIG_FILE).read_text())
        config["parameters"] |= changes
        (folder / CONFIG_FILE).write_text(json.dumps(config))

    return damage


def edit_weights(change):
    def damage(folder):
        tensors = load_file(folder / WEIGHTS_FILE)
        change(tensors)
        save_file(tensors, folder / WEIGHTS_FILE)

    return damage


def remove(name):
    return lambda folder: (folder / name).unlink()


def overwrite(name, content):
    return lambda folder: (folder / name).write_bytes(content)


def without_parameter(folder):
    config = json.loads((folder / CONFIG_FILE).read_text())
    del config["parameters"]["epochs"]
    (folder / CONFIG_FILE).write_text(json.dumps(config))


DAMAGES = {
    "no configuration": (remove(CONFIG_FILE), CONFIG_FILE),
    "no weights": (remove(WEIGHTS_FILE), WEIGHTS_FILE),
    "another model": (edit_config(model="lstm"), "it holds a 'lstm'"),
    "a key too many": (edit_config(more=1), "more: Extra inputs"),
    "classes that are no list": (edit_config(classes="ab"), "classes: "),
    "no classes": (edit_config(classes=[]), r"head\.bias is"),
    "another number of classes": (edit_config(classes=["a", "b", "c"]), r"head\.bias is .*\(2,\).* wants .*\(3,\)"),
    "an unknown parameter": (edit_parameters(depth=2), "depth: Extra inputs"),
    "a parameter of another type": (edit_parameters(epochs="many"), "epochs: "),
    "a parameter out of range": (edit_parameters(max_length=0), "max_length: "),
    "a missing parameter": (without_parameter, "epochs: Field required"),
    "a configuration that is no JSON": (overwrite(CONFIG_FILE, b"{"), CONFIG_FILE),
    "a configuration that is no text": (overwrite(CONFIG_FILE, b"\xff\xfe\x00"), CONFIG_FILE),
    "garbage for weights": (overwrite(WEIGHTS_FILE, b"garbage" * 10), "header"),
    "a weight of another shape": (
        edit_weights(lambda t: t.update({"head.weight": torch.zeros(2, 9)})),
        r"head\.weight is torch\.float32 \(2, 9\), but the network wants torch\.float32 \(2, 8\)",
    ),
    "a weight of another type": (
        edit_weights(lambda t: t.update({"head.weight": torch.zeros(2, 8).half()})),
        r"head\.weight is torch\.float16",
    ),
    "a weight too few": (edit_weights(lambda t: t.pop("head.bias")), r"head\.bias is missing"),
    "a weight too many": (edit_weights(lambda t: t.update(more=torch.zeros(1))), "more is .* wants missing"),
}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved")
    fit()[0].save(folder)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def folder(tmp_path, saved):
    for name, content in saved.items():
        (tmp_path / name).write_bytes(content)
    Bag.load(tmp_path)
    return tmp_path


@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors")  # of the case without classes
@pytest.mark.parametrize(("damage", "reason"), DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_folder_is_refused_in_one_line(folder, damage, reason):
    damage(folder)
    with pytest.raises(ValueError, match=rf"holds no saved bag model: .*{reason}") as caught:
        Bag.load(folder)
    message = str(caught.value)
    assert message.startswith(str(folder))
    assert "\n" not in message


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ValueError, match="holds no saved bag model"):
        Bag.load(tmp_path / "nowhere")


@pytest.mark.parametrize("name", [CONFIG_FILE, WEIGHTS_FILE])
@pytest.mark.parametrize("dump", [pickle.dump, torch.save])
def test_nothing_is_ever_unpickled(folder, name, dump):
    mark = folder / "unpickled"
    with (folder / name).open("wb") as file:
        dump(Trap(mark), file)
    with pytest.raises(ValueError, match="holds no saved bag model"):
        Bag.load(folder)
    assert not mark.exists()


def test_the_memory_of_a_step_is_kept_for_the_next_one(monkeypatch):
    kept, seen = [], []

    @contextmanager
    def keeping():
        kept.append("yes")
        yield
        kept.clear()

    class Watching(SilentMonitor):
        def step(self, done, *rest):
            seen.append(bool(kept))

    monkeypatch.setattr(training, "freed_memory_kept", keeping)
    fit(monitor=Watching())
    assert seen == [True] * len(seen)
    assert len(seen) > 2
    assert not kept
