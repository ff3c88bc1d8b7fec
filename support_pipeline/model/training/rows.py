"""Examples in rows: chats with the same beginning share it, and none sees another's question or answer.

Most of a support chat is its system message, and thousands of chats have the same one. A row is such a
trunk, once, and behind it the rest of each chat, a branch. A branch sees the trunk and itself, and its
positions go on from the trunk's, so every token has the loss and the gradient that it has in its chat
alone. Chats that share nothing lie in rows of their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from support_pipeline.model.beginnings import by_beginning
from support_pipeline.model.supervision import IGNORED, Example

LEAST_SHARED = 16
"""Tokens; a shorter beginning is not worth a mask."""


@dataclass(frozen=True, slots=True)
class Row:
    """Tokens of a trunk and of the branches behind it; the trunk is empty where a chat is alone."""

    trunk: Sequence[int]
    branches: Sequence[Example]

    @property
    def tokens(self) -> int:
        """How many positions the row takes."""
        return len(self.trunk) + sum(len(branch.ids) for branch in self.branches)


def dataset(examples: Sequence[Example]) -> Any:
    """One chat a line (`input_ids`, `labels`); the collator makes the rows."""
    from datasets import Dataset

    return Dataset.from_dict(
        {
            "input_ids": [example.ids for example in examples],
            "labels": [example.labels for example in examples],
        }
    )


def rows(examples: Sequence[Example], *, sharing: bool = True) -> list[Row]:
    """The examples in as few tokens as their common beginnings allow; in the order of their ids.

    Only prompts are shared, and never a prompt's last token: it is what foretells the answer's first one.
    """
    if not sharing:
        return [Row([], [example]) for example in examples]
    ordered = sorted(examples, key=lambda one: one.ids)
    found = by_beginning(
        [one.ids[: _may_share(one)] for one in ordered],
        least=LEAST_SHARED,
        # A longer trunk is not given up for one more chat.
        worth=lambda common, length, _: 2 * common >= length,
    )
    return [_row(shared, [ordered[at] for at in places]) for shared, places in found]


def _row(shared: int, members: Sequence[Example]) -> Row:
    if len(members) == 1:
        return Row([], members)
    return Row(members[0].ids[:shared], [Example(one.ids[shared:], one.labels[shared:]) for one in members])


def _may_share(example: Example) -> int:
    answer = next((at for at, label in enumerate(example.labels) if label != IGNORED), len(example.ids))
    return max(0, answer - 1)


def computed_tokens(examples: Sequence[Example], *, sharing: bool = True) -> int:
    """Positions that a batch of these takes, padding included."""
    made = rows(examples, sharing=sharing)
    return len(made) * max(row.tokens for row in made)


class RowCollator:
    """Lines of a `dataset` to one batch of rows, padded on the right to a multiple of some tokens.

    Where a row has branches there is a mask: `attention_mask[r, 0, i, j]` says whether position i sees j.
    Elsewhere causal attention does, as nothing real comes after the padding.
    """

    def __init__(self, pad_id: int, multiple_of: int = 1, *, sharing: bool = True) -> None:
        self.pad_id, self.multiple_of, self.sharing = pad_id, multiple_of, sharing

    def __call__(self, lines: Sequence[dict[str, list[int]]]) -> dict[str, Any]:
        import torch

        made = rows(
            [Example(line["input_ids"], line["labels"]) for line in lines],
            sharing=self.sharing,
        )
        longest = max(row.tokens for row in made)
        width = -(-longest // self.multiple_of) * self.multiple_of
        batch = {
            "input_ids": [_padded(_laid_out(row, "ids"), width, self.pad_id) for row in made],
            "labels": [_padded(_laid_out(row, "labels"), width, IGNORED) for row in made],
            "position_ids": [_positions(row, width) for row in made],
        }
        tensors = {name: torch.tensor(values) for name, values in batch.items()}
        if any(row.trunk for row in made):
            tensors["attention_mask"] = _mask(torch.tensor([_owners(row, width) for row in made]))
        return tensors


def _laid_out(row: Row, part: str) -> list[int]:
    trunk = list(row.trunk) if part == "ids" else [IGNORED] * len(row.trunk)
    return trunk + [value for branch in row.branches for value in getattr(branch, part)]


def _padded(values: list[int], width: int, filler: int) -> list[int]:
    return values + [filler] * (width - len(values))


def _positions(row: Row, width: int) -> list[int]:
    start = len(row.trunk)
    branches = [start + at for branch in row.branches for at in range(len(branch.ids))]
    return [*range(start), *branches, *range(width - row.tokens)] if row.trunk else list(range(width))


def _owners(row: Row, width: int) -> list[int]:
    """By position: 0 is for all to see, a branch and the padding have numbers of their own."""
    if not row.trunk:
        return [0] * width
    branches = [number for number, branch in enumerate(row.branches, 1) for _ in branch.ids]
    return _padded([0] * len(row.trunk) + branches, width, len(row.branches) + 1)


def _mask(owners: Any) -> Any:
    import torch

    seen = (owners[:, None, :] == 0) | (owners[:, None, :] == owners[:, :, None])
    return torch.tril(seen)[:, None]
