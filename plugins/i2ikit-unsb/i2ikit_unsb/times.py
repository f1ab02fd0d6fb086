"""The times of a bridge."""


def bridge_times(steps: int) -> list[float]:
    """Return the times 0, 0.5, ..., 1 of the images X_0 ... X_T of a bridge of T steps; the steps become shorter.

    Args:
        steps: T >= 2.
    Source:
        Kim et al. 2023 (UNSB), arXiv:2305.15086, the published code: 0.5 + 0.5 h_k / h_{T-1} with h_k = 1 + ... + 1/k.
    Example:
        >>> [round(time, 2) for time in bridge_times(5)]
        [0.0, 0.5, 0.74, 0.86, 0.94, 1.0]
    """
    sums = [sum(1 / n for n in range(1, k + 1)) for k in range(steps)]
    return [0.0, *(0.5 + 0.5 * each / sums[-1] for each in sums)]
