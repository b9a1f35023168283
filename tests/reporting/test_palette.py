"""One look for each arm: every picture has it, and the color-blind tell the arms apart."""

import json
import re
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from stages.reporting.palette import LOOKS, SIGNS, arm_name, in_order, is_baseline, ordered
from tests.conftest import ROOT

TEMPLATES = {
    str(path.relative_to(ROOT / "stages")): json.loads(path.read_text(encoding="utf-8"))
    for pattern in ("reporting/plots/*.json", "experiments/*/plot.json")
    for path in sorted((ROOT / "stages").glob(pattern))
}
NAMES = {arm_name(kind): look for kind, look in LOOKS.items()}
# What each kind of color-blindness makes of linear RGB (Machado, Oliveira and Fernandes 2009).
BLIND = {
    "none": np.eye(3),
    "protanopia": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "deuteranopia": [[0.367, 0.861, -0.228], [0.28, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "tritanopia": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
}
WHITE, DARK = "#ffffff", "#14171a"


def encodings(spec: Any) -> Iterator[tuple[str, dict]]:
    """Each channel of a spec that encodes arms, with its name."""
    if isinstance(spec, list):
        for part in spec:
            yield from encodings(part)
    elif isinstance(spec, dict):
        for name, part in spec.items():
            if isinstance(part, dict) and part.get("field") == "arm" and "scale" in part:
                yield name, part
            yield from encodings(part)


def axis_titles(spec: Any) -> Iterator[str]:
    """Those of axes that are numbers."""
    for part in spec if isinstance(spec, list) else spec.values() if isinstance(spec, dict) else ():
        if isinstance(part, dict) and part.get("type") == "quantitative" and "title" in part:
            yield " ".join([part["title"]] if isinstance(part["title"], str) else part["title"])
        yield from axis_titles(part)


def colors(spec: Any) -> set[str]:
    return set(re.findall(r"#[0-9a-fA-F]{6}", json.dumps(spec)))


def linear(color: str) -> np.ndarray:
    values = np.array([int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """As WCAG 2.2 defines it."""
    low, high = sorted(float(linear(color) @ [0.2126, 0.7152, 0.0722]) for color in (one, other))
    return (high + 0.05) / (low + 0.05)


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIE L*a*b* of linear RGB."""
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = np.clip(np.array(to_xyz) @ np.clip(rgb, 0, 1) / [0.9505, 1.0, 1.089], 0, None)
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("name", TEMPLATES)
def test_each_picture_has_the_looks_of_the_palette_in_its_order(name):
    for channel, encoding in encodings(TEMPLATES[name]):
        domain, shown = encoding["scale"]["domain"], encoding["scale"]["range"]
        look = "shape" if channel == "shape" else "color"
        assert shown == [getattr(NAMES[arm], look) for arm in domain], channel
    assert colors(TEMPLATES[name]) <= {look.color for look in LOOKS.values()}


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_picture_has_a_title_and_its_axes_have_units(name):
    template = TEMPLATES[name]
    assert len(template["title"]["text"]) <= 64 and "?" in template["title"]["text"]
    titles = list(axis_titles(template))
    assert titles and all(re.search(r"accurac|probability|inputs|step|nats", t) for t in titles)


def test_no_two_arms_look_alike():
    looks = [(look.color, look.shape) for look in LOOKS.values()]
    assert len(set(looks)) == len(looks)
    assert len(set(SIGNS.values())) == len(SIGNS)


@pytest.mark.parametrize("blindness", BLIND)
def test_the_color_blind_tell_the_arms_of_the_main_study_apart(blindness):
    arms = ("self", "fresh_self", "cross", "untrained", "mode")
    seen = [lab(np.array(BLIND[blindness]) @ linear(LOOKS[arm].color)) for arm in arms]
    assert min(np.linalg.norm(a - b) for a, b in combinations(seen, 2)) > 10  # 2.3 is just seen


@pytest.mark.parametrize("ground", [WHITE, DARK])
def test_the_arms_of_the_main_study_are_seen_on_paper_and_in_a_dark_room(ground):
    arms = ("self", "fresh_self", "cross", "untrained", "mode")
    assert all(contrast(LOOKS[arm].color, ground) >= 3 for arm in arms)


def test_arms_have_one_order_and_baselines_come_last():
    assert in_order(["mode", "a_new_kind", "cross", "self"]) == [
        *("self", "cross", "mode"),
        "a_new_kind",
    ]
    assert list(ordered({"cross": 1, "fresh_self": 2})) == ["fresh_self", "cross"]
    found = [is_baseline(kind) for kind in LOOKS]
    assert found == sorted(found) and not is_baseline("a_new_kind")
    assert arm_name("fresh_self") == "fresh self" and arm_name("cross", "left") == "cross (left)"
