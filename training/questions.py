"""Tunes how the word pieces of questions meet those of passages: the last step of training.

The encoder stays as it is, and so do the vectors of passages; what is learned is one matrix, the projection of the
pieces of questions, which starts as that of passages. So few weights forget nothing, and learn from questions put in
ways that the encoder was not tuned on: tuned on them itself it found more of these answers, and told less well when
there is none (docs/quality.md).

Source: Khattab and Zaharia 2020, "ColBERT" (late interaction); van den Oord et al. 2018 (InfoNCE).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.encoder import (
    PASSAGE_PIECES,
    PASSAGE_PREFIX,
    QUESTION_PIECES,
    QUESTION_PREFIX,
    Model,
    Step,
    Trainer,
    Vectors,
    answers,
    info_nce,
    max_sim,
    set_pace,
    steps,
)
from training.rows import Row

EPOCHS = 4
# Runs that differ in the order of the rows, whose mean is taken.
RUNS = 3
LEARNING_RATE = 5e-4


@dataclass(frozen=True, slots=True, eq=False)
class States:
    """What the encoder, as it stays, makes of all texts of the training."""

    # float16[m, dim] of each question's pieces.
    questions: dict[str, Tensor]
    # float16[m, token_dim] of each passage's pieces, by policy and number.
    passages: dict[tuple[str, int], Tensor]


class Learned(nn.Module):
    """What is learned."""

    def __init__(self, begun: Model) -> None:
        super().__init__()
        self.projection = nn.Parameter(begun.projection.detach().clone())
        # Inverse temperature of the ranking; slope and offset of the calibrated score.
        self.scale = nn.Parameter(begun.scales.detach()[1].clone())
        self.slope = nn.Parameter(begun.slope.detach().clone())
        self.offset = nn.Parameter(begun.offset.detach().clone())


def projection_of_questions(
    trainer: Trainer, rows: Sequence[Row], seed: int, epochs: int = EPOCHS, runs: int = RUNS
) -> Tensor:
    """The projection of questions' pieces that finds the answers of `rows` best, float32[dim, token_dim].

    Args:
        trainer: with the encoder and the projection of passages as they stay.
        rows: questions, those without an answer too.
        seed: of the order in which the first run takes them.
        epochs: passes over the rows in each run.
        runs: the mean of which is given back.

    Source: Wortsman et al. 2022, "Model soups" (the mean of weights that were tuned from one start).
    """
    states = encoded(trainer, rows)
    return torch.stack([_run(trainer, states, rows, seed + run, epochs) for run in range(runs)]).mean(dim=0)


def _run(trainer: Trainer, states: States, rows: Sequence[Row], seed: int, epochs: int) -> Tensor:
    learned = Learned(trainer.model)
    dice = random.Random(seed)
    plan = [step for _ in range(epochs) for step in steps(rows, trainer.texts, dice)]
    scalars = [learned.scale, learned.slope, learned.offset]
    optimizer = torch.optim.AdamW(
        [{"params": [learned.projection], "base": LEARNING_RATE}, {"params": scalars, "base": 2e-2}],
        lr=LEARNING_RATE,
        weight_decay=0.0,
    )
    for number, step in enumerate(plan, start=1):
        set_pace(optimizer, number, len(plan))
        loss = missed(step, states, learned)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if number % 100 == 0 or number == len(plan):
            print(f"projection of questions: step {number} of {len(plan)}, loss {loss.item():.3f}", flush=True)
    return learned.projection.detach()


@torch.no_grad()
def encoded(trainer: Trainer, rows: Sequence[Row]) -> States:
    """All questions of `rows`, and all passages of their policies, encoded once."""
    asked = sorted({row.question for row in rows})
    keys = [
        (policy, at)
        for policy in sorted({row.policy for row in rows})
        for at in range(len(trainer.texts[policy].passages))
    ]
    words = [trainer.texts[policy].passages[at].indexed for policy, at in keys]
    passages = _pieces(trainer, PASSAGE_PREFIX, words, PASSAGE_PIECES)
    learned = trainer.model.projection
    trainer.model.projection = nn.Parameter(torch.eye(len(learned), device=learned.device))
    try:
        questions = _pieces(trainer, QUESTION_PREFIX, asked, QUESTION_PIECES)
    finally:
        trainer.model.projection = learned
    return States(dict(zip(asked, questions, strict=True)), dict(zip(keys, passages, strict=True)))


def _pieces(trainer: Trainer, prefix: str, texts: Sequence[str], most: int, at_once: int = 256) -> list[Tensor]:
    found: list[Tensor] = []
    for first in range(0, len(texts), at_once):
        vectors = trainer.encode(prefix, texts[first : first + at_once], most)
        found += [tokens[counted].half() for tokens, counted in zip(vectors.tokens, vectors.counted, strict=True)]
    return found


def missed(step: Step, states: States, learned: Learned) -> Tensor:
    """The loss of one step: the second and the third of training/encoder.py."""
    questions = _padded([states.questions[row.question].float() @ learned.projection for row in step.rows])
    passages = _padded([states.passages[key].float() for key in step.passages])
    right, own = (each.to(questions.tokens.device) for each in step.right_and_own())
    scores = max_sim(questions, passages)
    return info_nce(scores, learned.scale, right, own) + answers(learned.slope * (scores - learned.offset), right, own)


def _padded(pieces: Sequence[Tensor]) -> Vectors:
    tokens = nn.utils.rnn.pad_sequence(list(pieces), batch_first=True)
    counted = nn.utils.rnn.pad_sequence(
        [torch.ones(len(each), dtype=torch.bool, device=tokens.device) for each in pieces], batch_first=True
    )
    return Vectors(tokens.new_empty(0), functional.normalize(tokens, dim=-1), counted)
