"""The encoder on ONNX Runtime: loads in a fraction of a second, and needs none of the libraries that trained it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.errors import EncoderError
from assistant.retrieval.weights import GRAPH, checked, read_stored

Floats = NDArray[np.float32]
Numbers = NDArray[np.int64]
_OUTPUTS = ("vectors", "tokens")
# Of the runtime's levels: what is no error is of no use to whoever runs this.
_ERRORS = 3


class OnnxBackend:
    """Runs the graph of `training/graph.py` over the weights as they are stored; used by any number of threads."""

    def __init__(self, folder: Path) -> None:
        """Loads graph and weights.

        Raises:
            EncoderError: a file is missing, is not the one that the page names, or does not fit the other.
        """
        import onnxruntime

        stored = read_stored(folder)
        options = onnxruntime.SessionOptions()
        # Several passes of one thread each, not one of several: those would wait for each other.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = _ERRORS
        # The runtime reads the tensors where they lie, so they must outlive it.
        self._tensors = {name: onnxruntime.OrtValue.ortvalue_from_numpy(tensor) for name, tensor in stored.items()}
        options.add_external_initializers(list(self._tensors), list(self._tensors.values()))
        try:
            self._session = onnxruntime.InferenceSession(
                checked(folder, GRAPH), options, providers=["CPUExecutionProvider"]
            )
        # The runtime has an error for each thing that it finds, and no name for them all.
        except Exception as error:
            raise EncoderError(f"The encoder's weights cannot be loaded: {error}.") from error
        self.token_dim = int(self._session.get_outputs()[1].shape[1])

    def __call__(self, texts: Sequence[Numbers], *, asked: bool) -> tuple[Floats, Floats]:
        """Numbers of word pieces → vectors of the texts and of their pieces; nothing is padded.

        Args:
            texts: int64[m] each, at least one piece.
            asked: whether they are questions, whose pieces have another projection than those of passages.

        Returns:
            float32[b, dim], and float32[n, token_dim] of all pieces one text after the other, unit rows.
        """
        lengths = [len(pieces) for pieces in texts]
        row = {
            "pieces": np.concatenate(texts),
            "places": np.concatenate([np.arange(length) for length in lengths]),
            "texts": np.repeat(np.arange(len(texts)), lengths),
            "asked": np.array([asked]),
        }
        vectors, tokens = self._session.run(_OUTPUTS, row)
        return vectors, tokens
