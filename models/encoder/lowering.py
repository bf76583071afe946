"""Where the states of a DistilBERT are cast to the precision of its matrix products."""

from torch import Tensor, nn
from transformers import DistilBertModel
from transformers.models.distilbert.modeling_distilbert import DistilBertSelfAttention

from models.neural.autocast import lowered
from models.neural.onednn import multiplies


def lower_states(encoder: DistilBertModel) -> None:
    """Cast states once for all products that read them; autocast would cast them for each.

    In training the input of each attention layer is cast, while sums and layer norms stay in float32. In scoring in
    bfloat16 on a CPU the embeddings are cast, and all states that follow: sums and norms then move half the bytes.
    """
    encoder.embeddings.register_forward_hook(_lower_embeddings)
    for module in encoder.modules():
        if isinstance(module, DistilBertSelfAttention):
            module.register_forward_pre_hook(lambda _, read: (lowered(read[0]), *read[1:]))


def _lower_embeddings(_: nn.Module, __: tuple[Tensor, ...], embeddings: Tensor) -> Tensor:
    return lowered(embeddings) if multiplies(embeddings) else embeddings
