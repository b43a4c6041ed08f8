"""The encoder as sentence-transformers puts it together, on torch: what defines the vectors.

Importing the libraries takes seconds, which is why it is not what people wait for.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from assistant.errors import EncoderError
from assistant.retrieval.weights import PROJECTION, QUESTION_PROJECTION, Tensors, read_page, read_tensors

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from torch import Tensor
    from transformers import BertModel

Floats = NDArray[np.float32]
Numbers = NDArray[np.int64]

# Word pieces in one pass, padding included, unless one text alone has more.
_POSITIONS = 512


class TorchBackend:
    """A transformer, mean pooling and unit length; used by any number of threads."""

    def __init__(self, folder: Path) -> None:
        """Loads the libraries and the weights.

        Raises:
            EncoderError: a file is missing, is not the one that the page names, or does not fit the page.
        """
        import torch

        tensors = read_tensors(folder)
        self._of_passages, self._of_questions = (
            torch.from_numpy(tensors.pop(name)) for name in (PROJECTION, QUESTION_PROJECTION)
        )
        self.token_dim = int(self._of_passages.shape[1])
        self._model = _sentence_transformer(read_page(folder).config, tensors)
        # Several passes of one thread each, not one of several: those would spin while they wait for each other, and
        # crawl where another process wants a core (1 question a second instead of 9 on two busy cores).
        torch.set_num_threads(1)

    def __call__(self, texts: Sequence[Numbers], *, asked: bool) -> tuple[Floats, Floats]:
        """As `OnnxBackend.__call__`, of texts that are padded here."""
        passes: list[Sequence[Numbers]] = []
        first = 0
        for at in range(1, len(texts) + 1):
            if at == len(texts) or (at + 1 - first) * max(map(len, texts[first : at + 1])) > _POSITIONS:
                passes.append(texts[first:at])
                first = at
        projection = self._of_questions if asked else self._of_passages
        vectors, tokens = zip(*(self._padded(each, projection) for each in passes), strict=True)
        return np.concatenate(vectors), np.concatenate(tokens)

    def _padded(self, texts: Sequence[Numbers], projection: Tensor) -> tuple[Floats, Floats]:
        import torch
        from torch.nn.utils.rnn import pad_sequence

        pieces = pad_sequence([torch.from_numpy(each) for each in texts], batch_first=True)
        mask = pad_sequence([torch.ones(len(each), dtype=torch.int32) for each in texts], batch_first=True)
        with torch.inference_mode():
            out = self._model({"input_ids": pieces, "attention_mask": mask})
            tokens = torch.nn.functional.normalize(out["token_embeddings"][mask == 1] @ projection, dim=-1)
        return out["sentence_embedding"].numpy(), tokens.numpy()


def bert(config: dict[str, Any], tensors: Tensors) -> BertModel:
    """The transformer that the tensors are the weights of, in training mode, as transformers makes it.

    Raises:
        EncoderError: they do not fit.
    """
    import torch
    from transformers import BertConfig, BertModel

    try:
        with torch.device("meta"):
            model = BertModel(BertConfig(**config), add_pooling_layer=False)
        model.load_state_dict({name: torch.from_numpy(tensor) for name, tensor in tensors.items()}, assign=True)
        # The only tensors that are counted, not trained.
        positions = torch.arange(model.config.max_position_embeddings)[None]
        model.embeddings.register_buffer("position_ids", positions, persistent=False)
        model.embeddings.register_buffer("token_type_ids", torch.zeros_like(positions), persistent=False)
    # The libraries raise whatever they find.
    except Exception as error:
        raise EncoderError(f"The encoder's weights cannot be loaded: {error}.") from error
    return model


def _sentence_transformer(config: dict[str, Any], tensors: Tensors) -> SentenceTransformer:
    os.environ["HF_HUB_OFFLINE"] = "1"
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling
    from torch import nn

    class Transformer(nn.Module):
        """Word pieces → states, in the form that the modules of sentence-transformers pass on."""

        def __init__(self) -> None:
            super().__init__()
            self.bert = bert(config, tensors)

        def forward(self, features: dict[str, Tensor]) -> dict[str, Tensor]:
            states = self.bert(input_ids=features["input_ids"], attention_mask=features["attention_mask"])
            return {**features, "token_embeddings": states.last_hidden_state}

    modules = [Transformer(), Pooling(config["hidden_size"]), Normalize()]
    return SentenceTransformer(modules=modules, device="cpu").eval()
