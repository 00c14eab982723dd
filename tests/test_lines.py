"""Characters to lines."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from extract.lines import arrange
from extract.marks import ABOVE, BELOW, Glyphs


class Text(NamedTuple):
    """A string set from (x, baseline) on; `spacing` is what each character keeps to the next, in em."""

    string: str
    x: float
    baseline: float
    size: float = 12.0
    spacing: float = 0.0
    angle: int = 0


def glyphs(*texts: Text) -> Glyphs:
    codes: list[int] = []
    boxes: list[tuple[float, float, float, float]] = []
    origins: list[tuple[float, float]] = []
    angles: list[int] = []
    for text in texts:
        along = text.x
        for character in text.string:
            wide = (1.0 if ord(character) > 0x2E80 else 0.5) * text.size
            if character != " ":
                codes.append(ord(character))
                if text.angle == 0:
                    boxes.append((along, text.baseline - ABOVE * text.size, along + wide, text.baseline + BELOW * text.size))
                    origins.append((along, text.baseline))
                else:  # 270: read from below to above, x is then the height it starts at
                    boxes.append((text.baseline - ABOVE * text.size, along - wide, text.baseline + BELOW * text.size, along))
                    origins.append((text.baseline, along))
                angles.append(text.angle)
            step = wide + text.spacing * text.size
            along += -step if text.angle else step
    count = len(codes)
    return Glyphs(
        np.array(codes, np.uint32), np.array(boxes).reshape(-1, 4), np.array(origins).reshape(-1, 2), np.array(angles, np.int16),
        np.zeros(count, bool), np.zeros((count, 4)), np.zeros(count, bool),
    )


def read(*texts: Text) -> list[str]:
    found = glyphs(*texts)
    arranged = arrange(found, np.full(len(found.codes), -1, np.intp))
    return [arranged.read(line) for line in arranged.lines]


def test_digits_raised_over_the_baseline_stay_in_their_sentence() -> None:
    assert read(Text("收入总计", 0, 100), Text("345.67", 48, 96), Text("万元。", 84, 100)) == ["收入总计345.67万元。"]


def test_close_lines_stay_apart_though_raised_digits_come_near_the_line_above() -> None:
    upper = (Text("总计", 0, 100), Text("12", 24, 96))
    lower = (Text("合计", 0, 114), Text("34", 24, 110))
    assert read(*upper, *lower) == ["总计12", "合计34"]


def test_lines_tied_by_a_tall_character_stay_apart() -> None:
    assert read(Text("甲甲", 0, 100), Text("乙乙", 0, 114), Text("丙丙", 0, 128), Text("大", 60, 125, size=40)) == ["甲甲", "乙乙 大", "丙丙"]


def test_a_blank_stands_where_the_gap_is_wide_and_nowhere_else() -> None:
    assert read(Text("编制单位", 0, 50), Text("单位：万元", 200, 50)) == ["编制单位 单位：万元"]
    assert read(Text("Annual", 0, 50), Text("Report", 40, 50)) == ["Annual Report"]


def test_letterspacing_is_no_blank() -> None:
    assert read(Text("全年预算数350万元", 0, 50, spacing=0.15)) == ["全年预算数350万元"]


def test_figures_of_two_columns_are_never_glued() -> None:
    assert read(Text("12.00", 0, 50), Text("7.50", 60, 50)) == ["12.00 7.50"]


def test_a_character_drawn_twice_to_look_bold_is_one() -> None:
    assert read(Text("决算", 0, 50), Text("决算", 0.4, 50)) == ["决算"]
    assert read(Text("11.00", 0, 50)) == ["11.00"]


def test_text_turned_by_a_quarter_reads_along_itself() -> None:
    assert read(Text("绩效指标", 300, 40, angle=270)) == ["绩效指标"]


def test_each_region_keeps_its_own_lines() -> None:
    found = glyphs(Text("甲乙", 0, 50), Text("丙丁", 24, 50))
    arranged = arrange(found, np.array([1, 1, 0, 0], np.intp))
    assert [(line.region, arranged.read(line)) for line in arranged.lines] == [(0, "丙丁"), (1, "甲乙")]


def test_boxes_follow_the_text_and_a_blank_put_in_has_none() -> None:
    found = glyphs(Text("甲", 0, 50), Text("乙", 60, 50))
    arranged = arrange(found, np.full(2, -1, np.intp))
    assert arranged.text == "甲 乙"
    assert arranged.boxes[:, 0].tolist() == [0.0, 0.0, 60.0]
    assert arranged.boxes[1].tolist() == [0.0, 0.0, 0.0, 0.0]


def test_nothing_gives_nothing() -> None:
    assert read() == []
