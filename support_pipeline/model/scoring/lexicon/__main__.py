"""Writes `goods.txt` and `personal.txt` from the files of WordNet.

    python -m support_pipeline.model.scoring.lexicon FOLDER

FOLDER holds `data.noun` and `index.sense` of WordNet 3.1. Goods are the artifacts that can lie in a parcel: not buildings,
weapons or drugs, and only words, or pairs of them, that mostly mean such a thing. A line is a synset: the lines of what it is
a kind of, counted from 0 and without the head, and its words, starred where they are verbs or adjectives as well.
Personal are the words of people, feelings, talk and thought: those that WordNet's annotated texts use mostly so.
"""

import sys
from collections import defaultdict
from pathlib import Path

from support_pipeline.model.scoring.lexicon import GOODS, PERSONAL

ARTIFACT = "06"
# Their hyponyms are no goods, or are parts that every shop and order has.
APART = (
    "building", "building_complex", "way", "room", "housing", "drug", "weapon", "weaponry", "military_vehicle", "machine_part",
    "semiconductor_device", "filter", "mechanism", "system", "armament", "building_material", "stock", "trap", "explosive_device", "shipment",
    "key", "memory_device", "ship", "security_system", "strip", "fare", "instrument_of_execution", "instrument_of_punishment", "envelope",
    "public_transport", "airplane", "medium", "means", "connection", "coating", "paving", "roof", "folder", "wheel", "file", "post", "truck",
    "computer_network", "creation", "line", "layer", "facility", "establishment", "opening", "support", "defensive_structure", "door",
    "restraint", "damper", "depressant", "excavation", "part", "wall", "obstruction", "floor", "level", "bridge", "marker", "track", "float",
    "public_works", "structural_member", "arch", "tower", "stairs", "movable_barrier", "supporting_structure",
)  # fmt: skip
# Lexicographer files: people, feelings, talk, thought, what people do and go through; verbs of the same; adjectives and adverbs.
PEOPLE = {4, 5, 7, 8, 9, 10, 11, 12, 14, 18, 19, 26, 28, 29, 31, 32, 37, 39, 41, 42, 43, 0, 1, 2, 44}
OF_NOUNS, OF_ALL, OF_USES = 0.5, 0.25, 0.6

Synset = tuple[tuple[str, ...], tuple[str, ...], bool]


def main(folder: Path) -> None:
    """Write the file."""
    synsets = _synsets(folder / "data.noun")
    goods = {offset for offset, (_, _, artifact) in synsets.items() if artifact} - _below(APART, synsets)
    means = _means(folder / "index.sense", goods)
    kept: dict[str, list[str]] = defaultdict(list)
    for word, offset in sorted(means.items()):
        kept[offset].append(word)
    chosen = {ancestor for offset in kept for ancestor in _upward(offset, synsets, goods)}
    order = sorted(chosen, key=lambda offset: (len(_upward(offset, synsets, goods)), offset))
    number = {offset: i for i, offset in enumerate(order)}
    head = [line for line in GOODS.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    lines = [
        f"{' '.join(str(number[p]) for p in synsets[offset][1] if p in number) or '-'}\t{' '.join(kept.get(offset, []))}".rstrip()
        for offset in order
    ]
    GOODS.write_text("\n".join([*head, *lines]) + "\n", encoding="utf-8")
    kept_head = [line for line in PERSONAL.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    PERSONAL.write_text("\n".join([*kept_head, *_personal(folder / "index.sense")]) + "\n", encoding="utf-8")


def _synsets(file: Path) -> dict[str, Synset]:
    """By offset: the words, the offsets of the hypernyms, whether it is an artifact."""
    found = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith("  "):
            continue
        fields = line.split(" | ")[0].split()
        count = int(fields[3], 16)
        rest = fields[4 + 2 * count + 1 :]
        hypernyms = tuple(rest[i + 1] for i, mark in enumerate(rest) if mark == "@" and rest[i + 2] == "n")
        found[fields[0]] = (tuple(fields[4 : 4 + 2 * count : 2]), hypernyms, fields[1] == ARTIFACT)
    return found


def _below(names: tuple[str, ...], synsets: dict[str, Synset]) -> set[str]:
    """The artifacts of these names with all their hyponyms."""
    below = defaultdict(list)
    for offset, (_, hypernyms, _) in synsets.items():
        for hypernym in hypernyms:
            below[hypernym].append(offset)
    todo = [offset for offset, (words, _, artifact) in synsets.items() if artifact and words[0] in names]
    found: set[str] = set()
    while todo:
        offset = todo.pop()
        if offset not in found:
            found.add(offset)
            todo += below[offset]
    return found


def _means(file: Path, goods: set[str]) -> dict[str, str]:
    """Words that mostly mean a good when they are nouns, and often enough at all; with its offset."""
    uses: dict[str, list[tuple[str, int, int, str]]] = defaultdict(list)
    for line in file.read_text(encoding="utf-8").splitlines():
        key, offset, sense, times = line.split()
        word, mark = key.split("%")
        uses[word].append(("n" if mark[0] == "1" else "other", int(sense), int(times), offset))
    found = {}
    for word, senses in uses.items():
        # Half a use for every sense, since rare words were never counted.
        as_goods = [
            (times, -sense, offset)
            for kind, sense, times, offset in senses
            if kind == "n" and offset in goods
        ]
        weight = sum(times + 0.5 for times, _, _ in as_goods)
        as_noun = sum(times + 0.5 for kind, _, times, _ in senses if kind == "n")
        every = sum(times + 0.5 for _, _, times, _ in senses)
        mostly = weight >= OF_NOUNS * as_noun and weight >= OF_ALL * every
        if (
            as_goods
            and mostly
            and word.replace("_", "").isalpha()
            and word.isascii()
            and len(word) > 2
            and word.count("_") < 2
        ):
            found[word + "*" * (every > as_noun)] = max(as_goods)[2]
    return found


def _personal(file: Path) -> list[str]:
    """Words that the annotated texts use, mostly in the senses of `PEOPLE`."""
    uses: dict[str, list[tuple[bool, int]]] = defaultdict(list)
    for line in file.read_text(encoding="utf-8").splitlines():
        key, _, _, times = line.split()
        word, mark = key.split("%")
        uses[word].append((int(mark.split(":")[1]) in PEOPLE, int(times)))
    return sorted(
        word
        for word, senses in uses.items()
        if word.isalpha()
        and (every := sum(times for _, times in senses))
        and sum(times for personal, times in senses if personal) >= OF_USES * every
    )


def _upward(offset: str, synsets: dict[str, Synset], goods: set[str]) -> list[str]:
    """A good and what it is a kind of, as far as that is a good too."""
    found, todo = [], [offset]
    while todo:
        one = todo.pop()
        if one in goods and one not in found:
            found.append(one)
            todo += synsets[one][1]
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]))
