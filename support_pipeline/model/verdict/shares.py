"""A share with its exact bounds. No normal approximation: at 150 to 200 tickets it is too sure of itself."""

from dataclasses import dataclass

ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Share:
    """`count` of `total` tickets. The bounds are exact and one-sided (Clopper-Pearson), 95 % each."""

    count: int
    total: int

    def __post_init__(self) -> None:
        if not 0 <= self.count <= self.total:
            raise ValueError(f"a share of {self.count} in {self.total} cannot be")

    @property
    def rate(self) -> float | None:
        """The observed share; None of no tickets."""
        return self.count / self.total if self.total else None

    @property
    def lower(self) -> float:
        """The true share is at least this, with 95 % confidence."""
        return lower_bound(self.count, self.total)

    @property
    def upper(self) -> float:
        """The true share is at most this, with 95 % confidence."""
        return upper_bound(self.count, self.total)


def lower_bound(count: int, total: int, alpha: float = ALPHA) -> float:
    """The exact one-sided lower bound of a share: Beta⁻¹(α; k, n-k+1)."""
    from scipy.special import betaincinv  # heavy, and not needed to load

    return float(betaincinv(count, total - count + 1, alpha)) if count > 0 else 0.0


def upper_bound(count: int, total: int, alpha: float = ALPHA) -> float:
    """The exact one-sided upper bound of a share: Beta⁻¹(1-α; k+1, n-k)."""
    from scipy.special import betaincinv

    return float(betaincinv(count + 1, total - count, 1 - alpha)) if count < total else 1.0
