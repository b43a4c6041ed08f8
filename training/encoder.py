"""Tunes the sentence encoder: one model whose pooled vector finds passages and whose token vectors order them.

Each step takes questions of a few policies and the passages of these policies, encoded once for all their questions.
The loss is the sum of three:

1. InfoNCE of the pooled vectors over all passages of the step (van den Oord et al. 2018, multiple positives each on its
   own). A passage of another policy that scores above the question's own answer is no negative, since policies say the
   same things: Solatorio 2024, "GISTEmbed".
2. The same of the late-interaction scores (Khattab and Zaharia 2020, "ColBERT"), through a learned projection.
3. Binary cross-entropy of late-interaction scores, for answers against the best-scoring passages that do not answer,
   those of unanswerable questions included: so that a score means the same for all questions (Zhai et al. 2023,
   "SigLIP") and tells when to abstain.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional
from transformers import BertModel

from training.rows import Row, Text

QUESTION_PREFIX = "query: "
PASSAGE_PREFIX = "passage: "
TOKEN_DIM = 128
QUESTION_PIECES = 64
PASSAGE_PIECES = 192
# Questions and passages of one step.
QUESTIONS = 48
PASSAGES = 56
LEARNING_RATE = 6e-5
WARM_UP = 0.1
# Best-scoring wrong passages that the third loss reads.
TEMPTING = 3
NOISY = 0.15


class Model(nn.Module):
    """The encoder with its projection of token vectors, as it is trained."""

    def __init__(self, bert: BertModel, projection: Tensor) -> None:
        super().__init__()
        self.bert = bert
        self.projection = nn.Parameter(projection)
        # Inverse temperatures of the two rankings; slope and offset of the calibrated score.
        self.scales = nn.Parameter(torch.tensor([20.0, 25.0]))
        self.slope = nn.Parameter(torch.tensor(15.0))
        self.offset = nn.Parameter(torch.tensor(0.6))


@dataclass(frozen=True, slots=True, eq=False)
class Vectors:
    """Texts as the model sees them."""

    # float[n, dim], unit rows.
    pooled: Tensor
    # float[n, longest, TOKEN_DIM], unit rows.
    tokens: Tensor
    # bool[n, longest]: the pieces that take part in late interaction.
    counted: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """What one step compares."""

    rows: list[Row]
    # Policy and number of each passage.
    passages: list[tuple[str, int]]

    def right_and_own(self) -> tuple[Tensor, Tensor]:
        """Which passages answer each question, and which are of its own policy: bool[q, p] each."""
        places = {key: at for at, key in enumerate(self.passages)}
        own = torch.tensor([[row.policy == policy for policy, _ in self.passages] for row in self.rows])
        right = torch.zeros(own.shape, dtype=torch.bool)
        for at, row in enumerate(self.rows):
            right[at, [places[row.policy, positive] for positive in row.positives]] = True
        return right, own


def steps(rows: Sequence[Row], texts: dict[str, Text], dice: random.Random) -> Iterator[Step]:
    """One epoch: all rows once, those of one policy together, a few policies to a step."""
    by_policy: dict[str, list[Row]] = {}
    for row in dice.sample(rows, len(rows)):
        by_policy.setdefault(row.policy, []).append(row)
    groups = [found[at : at + 24] for found in by_policy.values() for at in range(0, len(found), 24)]
    dice.shuffle(groups)
    while groups:
        taken: list[list[Row]] = []
        for group in list(groups):
            fits = sum(map(len, taken)) + len(group) <= QUESTIONS
            if fits and all(group[0].policy != other[0].policy for other in taken):
                taken.append(group)
                groups.remove(group)
        yield _step(taken, texts, dice)


def _step(groups: list[list[Row]], texts: dict[str, Text], dice: random.Random) -> Step:
    passages: list[tuple[str, int]] = []
    for group in groups:
        policy = group[0].policy
        named = {at for row in group for at in (*row.positives, *row.negatives)}
        others = [at for at in range(len(texts[policy].passages)) if at not in named]
        spare = max(0, PASSAGES // len(groups) - len(named))
        passages += [(policy, at) for at in (*sorted(named), *dice.sample(others, min(spare, len(others))))]
    return Step([row for group in groups for row in group], passages)


def noisy(question: str, dice: random.Random) -> str:
    """The question as a hurried thumb may type it, one time in a few."""
    if dice.random() < NOISY:
        question = question.lower().rstrip("?.! ") or question
    if dice.random() < NOISY and len(question) > 8:
        for _ in range(1 + len(question) // 40):
            at = dice.randrange(1, len(question) - 2)
            a, b = question[at], question[at + 1]
            question = question[:at] + dice.choice((b + a, a, b, a + a + b)) + question[at + 2 :]
    return question


class Trainer:
    """Encodes with gradients, and steps."""

    def __init__(self, model: Model, tokenizer: Tokenizer, texts: dict[str, Text]) -> None:
        self.model, self.texts = model, texts
        self.tokenizer = tokenizer
        pieces = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
        special = {token.content for token in tokenizer.get_added_tokens_decoder().values() if token.special}
        self.spoken = torch.tensor([piece not in special and any(map(str.isalnum, piece)) for piece, _ in pieces])
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        model.to(self.device)

    def encode(self, prefix: str, texts: Sequence[str], most: int, batch: int = 32) -> Vectors:
        """Vectors of all texts, in their order, computed in batches of like length."""
        found = [encoding.ids[:most] for encoding in self.tokenizer.encode_batch([prefix + text for text in texts])]
        skipped = len(self.tokenizer.encode(prefix.strip()).ids) - 1
        order = sorted(range(len(found)), key=lambda at: len(found[at]))
        longest = max(map(len, found))
        parts: list[tuple[Tensor, Tensor, Tensor]] = []
        for start in range(0, len(order), batch):
            taken = [found[at] for at in order[start : start + batch]]
            parts.append(self._encode(taken, skipped, longest))
        back = torch.tensor(order, device=self.device).argsort()
        pooled, tokens, counted = (torch.cat(part)[back] for part in zip(*parts, strict=True))
        return Vectors(pooled, tokens, counted)

    def _encode(self, numbers: list[list[int]], skipped: int, longest: int) -> tuple[Tensor, Tensor, Tensor]:
        ids = nn.utils.rnn.pad_sequence([torch.tensor(each) for each in numbers], batch_first=True, padding_value=1)
        mask = nn.utils.rnn.pad_sequence([torch.ones(len(each)) for each in numbers], batch_first=True).long()
        counted = self.spoken[ids] & mask.bool()
        counted[:, :skipped] = False
        ids, mask, counted = ids.to(self.device), mask.to(self.device), counted.to(self.device)
        with torch.autocast(self.device.type, dtype=torch.bfloat16):
            states = self.model.bert(input_ids=ids, attention_mask=mask).last_hidden_state
        states = states.float()
        pooled = (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        tokens = functional.normalize(states @ self.model.projection, dim=-1)
        room = longest - ids.shape[1]
        padded = functional.pad(tokens, (0, 0, 0, room)), functional.pad(counted, (0, room))
        return functional.normalize(pooled, dim=-1), *padded

    def loss(self, step: Step, dice: random.Random) -> tuple[Tensor, Tensor, Tensor]:
        """The three losses of one step."""
        questions = self.encode(
            QUESTION_PREFIX, [noisy(row.question, dice) for row in step.rows], QUESTION_PIECES, len(step.rows)
        )
        words = [self.texts[policy].passages[at].indexed for policy, at in step.passages]
        passages = self.encode(PASSAGE_PREFIX, words, PASSAGE_PIECES)
        near = questions.pooled @ passages.pooled.T
        late = max_sim(questions, passages)
        right, own = (each.to(self.device) for each in step.right_and_own())
        first, second = self.model.scales
        calibrated = self.model.slope * (late - self.model.offset)
        return (
            info_nce(near, first, right, own),
            info_nce(late, second, right, own),
            answers(calibrated, right, own),
        )

    def fit(self, rows: Sequence[Row], epochs: int, seed: int) -> None:
        """Trains on `rows`; prints the losses as it goes."""
        dice = random.Random(seed)
        torch.manual_seed(seed)
        plan = [step for _ in range(epochs) for step in steps(rows, self.texts, dice)]
        self.model.bert.embeddings.requires_grad_(False)
        tuned = [p for name, p in self.model.named_parameters() if p.requires_grad and "bert" in name]
        extra = [self.model.projection]
        scalars = [self.model.scales, self.model.slope, self.model.offset]
        optimizer = torch.optim.AdamW(
            [
                {"params": tuned, "weight_decay": 0.01, "base": LEARNING_RATE},
                {"params": extra, "weight_decay": 0.0, "base": 5e-4},
                {"params": scalars, "weight_decay": 0.0, "base": 2e-2},
            ],
            lr=LEARNING_RATE,
        )
        started = time.monotonic()
        recent: list[list[float]] = []
        for number, step in enumerate(plan, start=1):
            set_pace(optimizer, number, len(plan))
            losses = self.loss(step, dice)
            optimizer.zero_grad()
            sum(losses, torch.zeros((), device=self.device)).backward()
            nn.utils.clip_grad_norm_([*tuned, *extra], 1.0)
            optimizer.step()
            recent.append([loss.item() for loss in losses])
            if number % 20 == 0 or number == len(plan):
                means = [sum(each) / len(recent) for each in zip(*recent, strict=True)]
                told = " ".join(f"{mean:.3f}" for mean in means)
                print(f"step {number} of {len(plan)}, losses {told}, {time.monotonic() - started:.0f} s", flush=True)
                recent.clear()


def set_pace(optimizer: torch.optim.Optimizer, number: int, count: int) -> None:
    """Learning rates of step `number` of `count`, from 1: up to the "base" of each group in `WARM_UP`, then down."""
    pace = min(number / (WARM_UP * count), (count - number + 1) / ((1 - WARM_UP) * count))
    for group in optimizer.param_groups:
        group["lr"] = group["base"] * pace


def max_sim(questions: Vectors, passages: Vectors) -> Tensor:
    """Mean over each question's pieces of their best cosine in each passage: float[q, p]."""
    flat = questions.tokens[questions.counted]
    cosines = torch.einsum("td,pld->tpl", flat, passages.tokens)
    best = cosines.masked_fill(~passages.counted[None], -1.0).amax(-1)
    owner = questions.counted.nonzero()[:, 0]
    total = torch.zeros(len(questions.counted), best.shape[1], device=best.device).index_add(0, owner, best)
    return total / questions.counted.sum(1, keepdim=True).clamp(min=1)


def info_nce(scores: Tensor, scale: Tensor, right: Tensor, own: Tensor) -> Tensor:
    """Mean over answers of -log of their share among themselves and the wrong passages; scores float[q, p]."""
    worst = scores.detach().masked_fill(~right, 2.0).amin(1, keepdim=True)
    doubtful = ~own & (scores.detach() > worst)
    wrong = (scale * scores).masked_fill(right | doubtful, -1e4).logsumexp(1, keepdim=True)
    chosen = scale * scores
    shares = torch.logaddexp(chosen, wrong.expand_as(chosen)) - chosen
    each = (shares * right).sum(1) / right.sum(1).clamp(min=1)
    return each.sum() / right.any(1).sum().clamp(min=1)


def answers(logits: Tensor, right: Tensor, own: Tensor) -> Tensor:
    """Binary cross-entropy: best answer of each question against the tempting wrong passages of its own policy."""
    has = right.any(1)
    best = logits.masked_fill(~right, -1e4).amax(1)[has]
    wrong = logits.masked_fill(right | ~own, -1e4).topk(min(TEMPTING, logits.shape[1]), dim=1).values
    # Questions without an answer are fewer, and are what this loss is for.
    weight = torch.where(has, 0.5, 1.5)[:, None].expand_as(wrong)
    missed = functional.softplus(wrong) * weight
    return functional.softplus(-best).sum() / has.sum().clamp(min=1) + missed.sum() / weight.sum()
