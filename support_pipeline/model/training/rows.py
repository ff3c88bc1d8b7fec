"""Examples in rows: several chats behind one another, none of which sees another.

Position ids start again at each chat, and from that transformers makes the block-diagonal causal
mask (eager, sdpa) or the sequence boundaries (flash attention). Packing is best-fit decreasing
(Ding et al. 2024, arXiv 2404.10830): no chat is cut.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from support_pipeline.model.supervision import IGNORED, Example

Row = Mapping[str, list[int]]


def as_rows(examples: Sequence[Example], *, row_tokens: int | None) -> Any:
    """A dataset of rows (`input_ids`, `labels`, `seq_lengths`); one chat a row without `row_tokens`."""
    from datasets import Dataset
    from datasets.utils.logging import disable_progress_bar
    from trl import pack_dataset

    plain = Dataset.from_dict(
        {
            "input_ids": [example.ids for example in examples],
            "labels": [example.labels for example in examples],
        }
    )
    if row_tokens is None:
        return plain.add_column("seq_lengths", [[len(example.ids)] for example in examples])
    disable_progress_bar()
    return pack_dataset(plain, row_tokens, "bfd")


class RowCollator:
    """Rows to one batch, padded on the right; a padded position is a chat of its own and counts for nothing.

    There is no attention mask on purpose: with one, transformers would take a packed row for one chat.
    """

    def __init__(self, pad_id: int, multiple_of: int = 1) -> None:
        self.pad_id, self.multiple_of = pad_id, multiple_of

    def __call__(self, rows: Sequence[Row]) -> dict[str, Any]:
        import torch

        longest = max(len(row["input_ids"]) for row in rows)
        width = -(-longest // self.multiple_of) * self.multiple_of
        ids = [_padded(row["input_ids"], width, self.pad_id) for row in rows]
        labels = [_padded(_first_ignored(row), width, IGNORED) for row in rows]
        positions = [_padded(_positions(row), width, 0) for row in rows]
        return {
            "input_ids": torch.tensor(ids),
            "labels": torch.tensor(labels),
            "position_ids": torch.tensor(positions),
        }


def _padded(values: Sequence[int], width: int, filler: int) -> list[int]:
    return [*values, *[filler] * (width - len(values))]


def _positions(row: Row) -> list[int]:
    return [at for length in row["seq_lengths"] for at in range(length)]


def _first_ignored(row: Row) -> list[int]:
    """The labels, with the first of each chat ignored: its predictor is the last token of another chat."""
    labels, start = list(row["labels"]), 0
    for length in row["seq_lengths"]:
        labels[start] = IGNORED
        start += length
    return labels
