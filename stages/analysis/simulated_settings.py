"""What docs/method.md shows of simulations: small and large studies, even and uneven cells."""

from collections.abc import Iterator

from stages.analysis.simulated import Of, Setting

EVEN, UNEVEN = (56,), (8, 1, 12, 56)
GEMMA = (56, 52, 45, 32, 18, 2, 1, 56, 40, 8, 2)  # of a small model that varies little
MIXED = (0.02, 0.3, 0.98)
KNOWN = (0.0, 0.3, 0.8)
TOLD = (0.5, 1.0, 2.0)


def settings() -> Iterator[tuple[Of, Setting]]:
    """Which number is looked at, in what: first differences of two arms, then numbers of one."""
    yield "gap", Setting("accuracy", 8, EVEN, (0.3,))
    yield "gap", Setting("accuracy", 12, (3, 2, 2, 1), (0.3,), properties=11)
    yield "gap", Setting("accuracy", 12, EVEN, (0.3,))
    yield "primary", Setting("knowledge", 12, EVEN, KNOWN)
    yield "primary", Setting("evidence", 12, UNEVEN, TOLD)
    yield from _twenty()
    for level in ((0.02,), (0.98,), MIXED):
        yield "gap", Setting("accuracy", 100, UNEVEN, level, tasks=2)
    yield "gap", Setting("accuracy", 100, EVEN, (0.98,), properties=1)
    yield "primary", Setting("knowledge", 100, UNEVEN, KNOWN, tasks=2)
    for alike in (True, False):
        yield "primary", Setting("evidence", 100, UNEVEN, TOLD, alike=alike, tasks=2)
    for gap in (0.0, 0.1):
        levels = (0.02, 0.1, 0.3, 0.5, 0.8)
        yield "gap", Setting("accuracy", 224, GEMMA, levels, gap, tasks=4, targets=2)
    yield "primary", Setting("knowledge", 224, GEMMA, (0.0, 0.02, 0.1, 0.3), tasks=4, targets=2)
    yield "accuracy", Setting("accuracy", 20, EVEN, (0.02,))
    yield "accuracy", Setting("accuracy", 20, EVEN, MIXED)
    yield "accuracy", Setting("accuracy", 100, UNEVEN, (0.98,), tasks=2)
    yield "corrected", Setting("knowledge", 20, EVEN, KNOWN)
    yield "corrected", Setting("knowledge", 100, EVEN, (0.8,), properties=1)


def _twenty() -> Iterator[tuple[Of, Setting]]:
    """As few inputs as an interval is promised for."""
    yield "gap", Setting("accuracy", 20, (8,), (0.3,))
    yield "gap", Setting("accuracy", 20, EVEN, (0.3,))
    yield "gap", Setting("accuracy", 20, EVEN, MIXED)
    yield "gap", Setting("accuracy", 20, UNEVEN, MIXED)
    yield "gap", Setting("accuracy", 20, EVEN, (0.3,), properties=1)
    yield "primary", Setting("knowledge", 20, EVEN, (0.3,), properties=1)
    for sizes in (EVEN, UNEVEN):
        yield "primary", Setting("knowledge", 20, sizes, KNOWN)
    for alike in (True, False):
        yield "primary", Setting("evidence", 20, UNEVEN, TOLD, alike=alike)
