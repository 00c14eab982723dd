"""Charsets: what the page is, whatever it says."""

from __future__ import annotations

import pytest

from extract.encoding import codec_name, declared_by_page, decode

SAID = "青岚县白榆局2031年度部门决算公开说明，收入合计12.5万元。"


@pytest.mark.parametrize(
    ("data", "declared", "encoding"),
    [
        (SAID.encode(), None, "utf-8"),
        (SAID.encode("utf-8-sig"), None, "utf-8-sig"),
        (SAID.encode("utf-16"), None, "utf-16"),
        (SAID.encode("gbk"), "GB2312", "gb18030"),
        (SAID.encode("gbk"), None, "gb18030"),
        ("青嵐縣白榆局歲出預算說明，經費合計壹佰萬元。".encode("big5"), "Big5", "big5hkscs"),
        (b"plain ascii", "gb2312", "gb18030"),
        (b"plain ascii", None, "utf-8"),
    ],
)
def test_text_comes_back_and_the_codec_replays_it(data: bytes, declared: str | None, encoding: str) -> None:
    decoded = decode(data, declared)
    assert decoded.encoding == encoding
    assert data.decode(decoded.encoding) == decoded.text
    assert "\ufffd" not in decoded.text


@pytest.mark.parametrize("said", ["gb2312", "GBK", "gb_2312-80", "big5"])
def test_utf8_bytes_under_a_wrong_declaration_are_read_as_utf8_with_a_note(said: str) -> None:
    page = f'<meta http-equiv="Content-Type" content="text/html; charset={said}"><p>{SAID}</p>'
    decoded = decode(page.encode())
    assert (decoded.text, decoded.encoding, [note.kind for note in decoded.notes]) == (page, "utf-8", ["wrong_charset"])
    assert said in decoded.notes[0].zh


@pytest.mark.parametrize("how", ["page", "header"])
def test_gbk_bytes_declared_utf8_are_read_as_gb18030_with_a_note(how: str) -> None:
    page = f'<meta charset="utf-8"><p>{SAID}</p>' if how == "page" else SAID
    decoded = decode(page.encode("gbk"), "utf-8" if how == "header" else None)
    assert (decoded.text, decoded.encoding, [note.kind for note in decoded.notes]) == (page, "gb18030", ["wrong_charset"])


def test_gb18030_only_characters_survive_a_gb2312_declaration() -> None:
    page = '<meta charset="gb2312"><p>㐀镕喆</p>'
    assert decode(page.encode("gb18030")).text == page


def test_a_latin_declaration_is_no_reason_to_read_chinese_as_latin() -> None:
    page = f'<meta charset="iso-8859-1"><p>{SAID * 3}</p>'
    assert decode(page.encode("gbk")).text == page


def test_a_cut_utf8_page_loses_one_character_and_says_so() -> None:
    decoded = decode((SAID * 20).encode()[:-4])
    assert decoded.encoding == "utf-8"
    assert decoded.text.count("\ufffd") == 1
    assert [(note.kind, note.en) for note in decoded.notes] == [("undecodable_bytes", "1 undecodable places were replaced by U+FFFD")]


def test_a_printed_replacement_character_is_not_counted_as_lost() -> None:
    assert decode("统计表\ufffd备注".encode()).notes == ()


def test_utf16_without_a_mark_is_told_by_its_zero_bytes() -> None:
    assert decode("total 12.50, 合计 12.50".encode("utf-16-le")) == ("total 12.50, 合计 12.50", "utf-16-le", ())


def test_a_declaration_deep_in_the_page_is_none() -> None:
    assert declared_by_page(b" " * 9000 + b'<meta charset="gbk">') is None


def test_codecs_that_are_no_charsets_are_refused() -> None:
    assert [codec_name(name) for name in ("rot13", "hex", "zip", "", "no-such", "GBK")] == [None, None, None, None, None, "gb18030"]
