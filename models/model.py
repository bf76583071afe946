"""The contract of a model, and the few types it shares with the harness. Imports nothing heavy."""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    Literal,
    NamedTuple,
    Protocol,
    dataclass_transform,
    get_type_hints,
)

from pydantic import Field

from data.arrays import FloatArray, IntArray
from data.dataset import Split
from models.search_space import SearchSpace
from models.selection import ACCURACY, Criterion

if TYPE_CHECKING:
    from torch import Tensor

    from losses.loss import Loss

Device = Literal["cpu", "cuda"]
Precision = Literal["fp32", "bf16", "fp16"]

Shape = tuple[int, int]
"""(B, T) of a padded batch: its texts, and the tokens of the longest."""

Fraction = Annotated[float, Field(ge=0, lt=1)]
"""A parameter in [0, 1): a dropout probability, a share of the steps."""


@dataclass(frozen=True)
class Runtime:
    """Device, precision, seed and processors of a model; never "auto", the harness has decided.

    Attributes:
        devices: processes that share the training, each on a device of its own; they have been started, as
            `accelerate launch` does, and each of them calls `fit`.
        threads: processors that the model may use; it never asks the machine. The results do not depend on it.
        criterion: the metric of validation that the model is selected by.
    """

    device: Device = "cpu"
    precision: Precision = "fp32"
    seed: int = 0
    devices: int = 1
    threads: int = 1
    criterion: Criterion = ACCURACY


class Flops(NamedTuple):
    """Floating-point operations of the matrix products of a forward pass; a multiplication and an addition are two.

    A text of T tokens, padding counted, takes `text + token * T + square * T^2`.
    """

    text: int
    token: int
    square: int

    def of(self, texts: int, tokens: int, squares: int) -> int:
        """Return the total over several texts: their number, the sum of their T, and the sum of their T^2."""
        return self.text * texts + self.token * tokens + self.square * squares


@dataclass(frozen=True)
class TrainingState:
    """The state from which an interrupted training resumes.

    Attributes:
        tensors: weights, moments, states of random number generators.
        facts: everything else, as JSON values.
    """

    tensors: "dict[str, Tensor]"
    facts: dict[str, Any]


class Monitor(Protocol):
    """Callbacks from training to the harness, which alone reads clocks and writes results.

    A model that cannot resume an interrupted training calls neither `restore` nor `keep`.
    """

    def training(self) -> AbstractContextManager[None]:
        """Enclose the optimizer steps of one epoch, without validation."""

    def step(self, done: int, total: int, examples: int, tokens: int, shapes: Sequence[Shape]) -> None:
        """Report an optimizer step.

        Args:
            done: steps taken.
            total: steps planned.
            examples: texts of this step's batch.
            tokens: its tokens, padding not counted.
            shapes: the padded batches computed for it, one unless gradients are accumulated.
        """

    def validated(self, epoch: int, metric: float) -> bool:
        """Report the metric of validation after epoch `epoch` (from 1), see `standing`; return whether to go on."""

    def restore(self) -> TrainingState | None:
        """Return the latest state kept of this training, if it was interrupted; called before the first step."""

    def keep(self, state: Callable[[], TrainingState]) -> None:
        """Offer the state after an epoch that is not the last; the harness decides whether to keep it."""


class SilentMonitor:
    """A monitor for training outside the harness."""

    @contextmanager
    def training(self) -> Iterator[None]:
        """Do nothing around an epoch."""
        yield

    def step(self, done: int, total: int, examples: int, tokens: int, shapes: Sequence[Shape]) -> None:
        """Do nothing after a step."""

    def validated(self, epoch: int, metric: float) -> bool:
        """Let every training go on."""
        return True

    def restore(self) -> TrainingState | None:
        """Know of no earlier training."""
        return None

    def keep(self, state: Callable[[], TrainingState]) -> None:
        """Do nothing after an epoch."""


@dataclass(frozen=True)
class FitReport:
    """The outcome of a training.

    Attributes:
        parameters: number of learnt parameters.
        history: one entry per epoch or per tried setting, e.g. {"epoch": 1, "train_loss": .., "valid_loss": ..,
            "valid_accuracy": ..}; losses in nats, accuracies in 0..1.
        selected: the entry of `history` whose weights the model has.
        converged: whether the solver reached its tolerance; None where the number of steps is set beforehand.
        optimum_inside: whether the selected regularisation strength lies inside the tried ones; False where it is the
            weakest or strongest, so that a still weaker or stronger one may be better; None where none is chosen.
        rows_at_once: size of the micro-batches whose gradients were accumulated, where the device's memory did not
            suffice for a whole batch; else None.
        cached_texts: training and validation texts whose vectors were read from a cache; `fit` did not encode them.
    """

    parameters: int
    history: list[dict[str, float]] = field(default_factory=list)
    selected: int = 0
    converged: bool | None = None
    rows_at_once: int | None = None
    optimum_inside: bool | None = None
    cached_texts: int = 0


def select(history: Sequence[Mapping[str, float]]) -> int:
    """Return the entry of a history with the best metric on validation; ties go to the lowest log loss.

    The metric is `valid_metric` where entries have it, see `Criterion`, and accuracy elsewhere.

    Models are compared by accuracy; log loss alone would often keep an epoch that is less confident and less often
    right.
    """
    return max(range(len(history)), key=lambda i: (standing(history[i]), -history[i]["valid_loss"], -i))


def standing(entry: Mapping[str, float]) -> float:
    """Return what an entry of a history is selected by; higher is better."""
    return entry.get("valid_metric", entry["valid_accuracy"])


@dataclass(frozen=True)
class Encoded:
    """N texts ready to be scored.

    Attributes:
        features: the input of `score`, of a type that the model chooses.
        tokens: (N,) tokens the model reads of each text.
        available: (N,) tokens each text has; more than `tokens` where it was truncated.
        known: (N,) tokens among those read that the model knows, because training has seen them or its vocabulary has
            them; None if it knows every token.
        only_known: whether the model reads no others, so that unknown tokens are not counted.
    """

    features: Any
    tokens: IntArray
    available: IntArray
    known: IntArray | None = None
    only_known: bool = False

    def __len__(self) -> int:
        """Return N."""
        return len(self.tokens)


@dataclass(frozen=True)
class WordWeights:
    """A text's logits as sums over its words: `intercept + added.sum(axis=0)`, exactly.

    With two classes the logits are their log-odds, one the negative of the other; with more, they are the logits of a
    softmax, or each class's log-odds against the rest.

    Attributes:
        words: the T words the model reads, in order, as it reads them.
        added: (T, C) contribution of each word to the logit of each class (nats).
        intercept: (C,) the logits of a text without words.
    """

    words: tuple[str, ...]
    added: FloatArray
    intercept: FloatArray


@dataclass_transform(kw_only_default=True, eq_default=False)
class Model(ABC):
    """A text classifier.

    Its parameters are the annotated attributes of its class and of its bases, each declared once, with a literal
    default: `epochs: PositiveInt = 3`. A subclass inherits them and may give one another default (`epochs = 5`). The
    annotation is a builtin, a pydantic constrained number, `Fraction`, a `Literal`, or one of these `| None`. The
    constructor takes them as keyword-only arguments, keeps each as an attribute, and does no work. A class may write a
    constructor itself; its keyword-only arguments are then all the parameters there are. The registry reads either
    from the source text, to list and to check parameters without importing torch.
    """

    name: ClassVar[str]
    devices: ClassVar[tuple[Device, ...]] = ("cpu",)
    """Devices on which the model can run; on others the harness runs it on the CPU in fp32, and the tables say so."""

    data_parallel: ClassVar[bool] = False
    """Whether several processes can share this class's `fit`; a subclass with a `fit` of its own must set it anew."""

    any_loss: ClassVar[bool] = False
    """Whether `fit` differentiates the loss, and so takes any loss. If not, it takes `loss.sample_weight`, and the grid
    leaves out losses that are no weighting of cross-entropy. A subclass with a `fit` of its own must set it anew."""

    search_space: ClassVar[SearchSpace] = {}
    """Parameter -> values that tuning tries; parameters that are not named keep their values."""

    def __init_subclass__(cls) -> None:
        """Give the class a constructor that takes its parameters, unless it writes or inherits a written one."""
        super().__init_subclass__()
        cls.__annotations__ = _parameter_annotations(cls)
        owner = next(base for base in cls.__mro__ if "__init__" in base.__dict__)
        if owner is object or "__dataclass_fields__" in owner.__dict__:
            dataclass(kw_only=True, eq=False, repr=False)(cls)

    @classmethod
    def parameter_types(cls) -> dict[str, Any]:
        """Return parameter -> annotation."""
        hints = get_type_hints(cls.__init__, include_extras=True)
        return {name: annotation for name, annotation in hints.items() if name != "return"}

    def parameters(self) -> dict[str, Any]:
        """Return parameter -> value."""
        return {name: getattr(self, name) for name in self.parameter_types()}

    def check_ready(self) -> None:  # noqa: B027  (most models need nothing)
        """Make sure that requirements beyond the code (weights, a package) are available, without loading them.

        Raises:
            ValueError: one is missing; one line that names it and the remedy.
        """

    def external_files(self) -> Mapping[str, Sequence[Path]]:
        """Return the files outside of this project that `fit` reads: parameter -> the files that its value names.

        Their contents take the place of that value in a cell's identity, so a path is no part of it. Files that the
        code itself pins by revision are left out.

        Raises:
            ValueError: they cannot be found.
        """
        return {}

    def count_tokens(self, texts: Sequence[str]) -> IntArray | None:
        """Return (N,) tokens of each text before truncation, fitted or not; None if the model has no limit.

        Raises:
            ValueError: a requirement is missing, see `check_ready`.
        """
        return None

    @abstractmethod
    def fit(
        self, train: Split, valid: Split, loss: "Loss", runtime: Runtime = Runtime(), monitor: Monitor | None = None
    ) -> FitReport:
        """Train on `train`, choose on `valid`; return when the device is done.

        Raises:
            FloatingPointError: the loss became NaN or infinite; the message names the step.
        """

    @abstractmethod
    def encode(self, texts: Sequence[str]) -> Encoded:
        """Turn texts into the input of `score`."""

    @abstractmethod
    def score(self, encoded: Encoded) -> FloatArray:
        """Return (N, C) class probabilities, rows summing to 1, when the device is done."""

    def valid_scores(self) -> FloatArray | None:
        """Return `score` of the validation texts, (N, C), if `fit` computed it with the weights that it kept."""
        return None

    def scoring_shapes(self, encoded: Encoded) -> list[Shape]:
        """Return the padded batches that `score` computes; none where the model does not work in padded batches."""
        return []

    def word_weights(self, text: str) -> WordWeights | None:
        """Return each word's contribution to the logits of a fitted model; None where these are no sums over words."""
        return None

    def forward_flops(self) -> Flops | None:
        """Return the operations of a fitted model's forward pass; None where they are not counted."""
        return None

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write a fitted model into an existing, empty folder: safetensors or skops, and JSON. Never a pickle."""

    @classmethod
    @abstractmethod
    def load(cls, folder: Path, runtime: Runtime = Runtime()) -> "Model":
        """Return the fitted model that `save` wrote, on the runtime's device.

        Raises:
            ValueError: the folder does not hold such a model.
        """


def _parameter_annotations(cls: type[Model]) -> dict[str, Any]:
    """Annotations of a class's own body; those of private names become class variables.

    A parameter of a base with another default in the body (`epochs = 5`) has the base's annotation.
    """
    own = {
        name: ClassVar[annotation] if name.startswith("_") else Model.__annotations__.get(name, annotation)
        for name, annotation in inspect.get_annotations(cls).items()
    }
    inherited: dict[str, Any] = getattr(cls, "__dataclass_fields__", {})
    return own | {name: inherited[name].type for name in inherited if name in cls.__dict__ and name not in own}
