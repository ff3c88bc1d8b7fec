from support_pipeline.data.remembering import LONGEST, remembered


def test_a_text_is_worked_on_once_and_a_long_one_is_not_kept() -> None:
    met: list[str] = []

    @remembered
    def size(text: str, factor: int) -> int:
        met.append(text)
        return len(text) * factor

    long = "x" * (LONGEST + 1)
    assert [size("ab", 2), size("ab", 2), size("ab", 3)] == [4, 4, 6]
    assert size(long, 1) == size(long, 1) == LONGEST + 1
    assert met == ["ab", "ab", long, long]
