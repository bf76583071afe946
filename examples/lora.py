"""LoRA (Hu et al. 2021, arXiv:2106.09685) on DistilBERT: low-rank changes of frozen weights, by peft."""

from typing import ClassVar

from peft import LoraConfig, inject_adapter_in_model
from pydantic import PositiveFloat, PositiveInt
from torch import nn

from models.distilbert import DistilBert

ADAPTED = ("q_lin", "v_lin")
"""What is changed: the projections of queries and values."""


class LoraDistilBert(DistilBert):
    """DistilBERT whose query and value projections learn a low-rank change; the head is trained as ever."""

    name: ClassVar[str] = "lora_distilbert"

    def __init__(
        self,
        *,
        encoder: str = "minilm",
        max_length: PositiveInt = 256,
        epochs: PositiveInt = 2,
        learning_rate: PositiveFloat = 1e-3,
        rank: PositiveInt = 8,
        alpha: PositiveFloat = 16.0,
    ) -> None:
        super().__init__(encoder=encoder, max_length=max_length, epochs=epochs, learning_rate=learning_rate)
        self.rank, self.alpha = rank, alpha

    def _network(self, num_classes: int) -> nn.Module:
        network = super()._network(num_classes)
        config = LoraConfig(r=self.rank, lora_alpha=self.alpha, target_modules=list(ADAPTED))
        inject_adapter_in_model(config, network.encoder)
        for name, parameter in network.encoder.named_parameters():
            parameter.requires_grad = "lora_" in name
        return network

    def _initialise(self, network: nn.Module) -> None:
        """Pre-trained weights under the names that the adapters give them; a change begins at nought."""
        for part in ADAPTED:
            self._pretrained = {
                name.replace(f"{part}.", f"{part}.base_layer."): weight for name, weight in self._pretrained.items()
            }
        missing, unknown = network.encoder.load_state_dict(self._pretrained, strict=False)
        assert not unknown
        assert all("lora_" in name for name in missing)
        del self._pretrained
