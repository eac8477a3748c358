"""A person who wrote a wrong file sees every fault at once: where, what, and what is allowed."""

from __future__ import annotations

import string
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_inspector.domain.errors import DocumentError
from edge_inspector.station.document import load_document, open_document
from edge_inspector.station.recipe import FullFramePresence, Recipe, SilhouettePresence
from edge_inspector.station.station import Station

GOOD = """\
format: 1
product: reed_straw
view: {height_px: 256, width_px: 1248}
mm_per_px: 0.054
presence:
  kind: silhouette
  length_mm: {min: 55, max: 65}
  width_mm:
    min: 6
    max: 10
engines:
  crack: engines/crack
rules:
  - name: crack
    engine: crack
    min_score: 0.5
  - name: large
    engine: crack
    min_score: 0.25
    min_area_mm2: 1.5
"""


def faults_of(path: Path, content: str | bytes) -> list[str]:
    """The faults that loading `content` as a recipe gives, without the path in front of them."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DocumentError) as caught:
        load_document(path, Recipe)
    assert all(fault.startswith(f"{path}:") for fault in caught.value.faults)
    return [fault.removeprefix(f"{path}:") for fault in caught.value.faults]


def spoilt(old: str, new: str) -> str:
    assert GOOD.count(old) == 1, f"{old!r} must occur once"
    return GOOD.replace(old, new)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "recipe.yaml"


def test_a_good_file_is_loaded(path: Path) -> None:
    path.write_text(GOOD)
    recipe = load_document(path, Recipe)
    assert isinstance(recipe.presence, SilhouettePresence)
    assert recipe.presence.width_mm.max == 10
    assert [rule.min_score for rule in recipe.rules] == [0.5, 0.25]


def test_a_list_is_taken_where_the_model_has_a_pair(path: Path) -> None:
    presence = GOOD[GOOD.index("  kind:") : GOOD.index("engines:")]
    path.write_text(GOOD.replace(presence, "  kind: full_frame\n  mean_grey: [20, 235.5]\n"))
    presence_read = load_document(path, Recipe).presence
    assert isinstance(presence_read, FullFramePresence)
    assert presence_read.mean_grey == (20, 235.5)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("product:", "prodct:", "2: unknown key `prodct`, did you mean `product`? allowed are format, product, view"),
        (
            "    min: 6\n",
            "    mim: 6\n",
            "9: presence.width_mm: unknown key `mim`, did you mean `min`? allowed are min, max",
        ),
        ("    min: 6\n", "", "8: presence.width_mm: `min` is missing, needed is a number from 0 to 100000"),
        (
            "    engine: crack\n    min_score: 0.25\n",
            "    min_score: 0.25\n",
            "17: rules.1: `engine` is missing, needed is text",
        ),
        ("mm_per_px: 0.054\n", "", "1: `mm_per_px` is missing, needed is a number above 0 and at most 100000"),
        ("0.054", "wide", '4: mm_per_px: "wide", allowed is a number above 0 and at most 100000'),
        ("0.054", '"0.054"', '4: mm_per_px: "0.054", allowed is a number above 0 and at most 100000'),
        ("0.054", "0", "4: mm_per_px: 0, allowed is a number above 0 and at most 100000"),
        ("0.054", ".nan", "4: mm_per_px: nan, allowed is a number above 0 and at most 100000"),
        ("0.054", "-.inf", "4: mm_per_px: -inf, allowed is a number above 0 and at most 100000"),
        ("0.054", "", "4: mm_per_px: no value, allowed is a number above 0 and at most 100000"),
        ("0.054", "[1, 2]", "4: mm_per_px: a list of 2 items, allowed is a number above 0 and at most 100000"),
        ("0.054", "true", "4: mm_per_px: true, allowed is a number above 0 and at most 100000"),
        ("256", "256.5", "3: view.height_px: 256.5, allowed is a whole number from 1 to 16384"),
        ("256", "99999999999999999999999", "3: view.height_px: 99999999999999999999999, allowed is a whole number from 1"),
        ("format: 1", "format: 2", "1: format: 2, allowed is 1"),
        ("kind: silhouette", "kind: outline", '6: presence: `kind` is "outline", allowed is a mapping with `kind`: '),
        ("  kind: silhouette\n", "", "5: presence: `kind` is missing, allowed is a mapping with `kind`: full_frame or silh"),
        (
            "kind: silhouette",
            "kind: silhouette\n  background: grey",
            '7: presence.background: "grey", allowed is one of dark,',
        ),
        ("reed_straw", "reed straw", '2: product: "reed straw", allowed is text that matches ^[A-Za-z0-9_.-]{1,32}$'),
        (
            "  crack: engines/crack",
            '  "cr ack": engines/crack',
            '12: engines: name "cr ack", allowed is text that matches ^[',
        ),
        (
            "engines:\n  crack: engines/crack\n",
            "engines: {}\n",
            "11: engines: a mapping of 0 entries, allowed is a mapping of 1",
        ),
        ("min_score: 0.25", "min_score: 1.25", "19: rules.1.min_score: 1.25, allowed is a number above 0 and below 1"),
        ("reed_straw", "4711", "2: product: 4711, allowed is text that matches ^[A-Za-z0-9_.-]{1,32}$"),
        ("min_score: 0.25", "min_score: 0,25", '19: rules.1.min_score: "0,25", allowed is a number above 0 and below 1'),
        ("min_score: 0.25", "min_score:0.25", "19: is not YAML: a colon is missing, or the space behind it, write"),
        ("view: {", "product: other\nview: {", "3: key `product` again (first in line 2), allowed is once"),
    ],
)
def test_each_kind_of_mistake_is_said_with_its_line(path: Path, old: str, new: str, fault: str) -> None:
    found = faults_of(path, spoilt(old, new))
    assert any(line.startswith(fault) for line in found), found
    assert len(found) == (2 if "unknown key" in fault else 1)  # a misspelt key is missing too


@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        ("reed_straw", "4711", 'text that looks like a number is put in quotes: "4711"'),
        ("min_score: 0.25", "min_score: 0,25", "numbers are written with a point: 0.25"),
    ],
)
def test_what_a_person_often_means_is_said(path: Path, old: str, new: str, hint: str) -> None:
    (fault,) = faults_of(path, spoilt(old, new))
    assert fault.endswith(hint)


def test_a_key_without_a_value_is_a_fault_where_it_could_be_left_out(path: Path) -> None:
    (fault,) = faults_of(path, spoilt("rules:", "surface:\nrules:"))
    assert fault.endswith("surface: has no value, allowed is a value, or no such line at all")


def test_a_misspelt_key_of_an_optional_mapping_gets_the_list_of_those_it_has(path: Path) -> None:
    (fault,) = faults_of(path, spoilt("rules:", "surface: {max_incidence: 50}\nrules:"))
    assert "unknown key `max_incidence`, did you mean `max_incidence_deg`? allowed are max_incidence_deg, same_def" in fault


@pytest.mark.parametrize("written", ["yes", "no", "On", "OFF", "1e3", "1.5e3", "010", "0o17", "1_000", "1:30", "2026-01-05"])
def test_what_two_versions_of_yaml_read_differently_is_refused(path: Path, written: str) -> None:
    (fault,) = faults_of(path, spoilt("reed_straw", written))
    assert fault.startswith(f"2: product: `{written}` is ")
    assert fault.endswith(f'or quote it: "{written}"')


@pytest.mark.parametrize("written", ["yes", "no", "on", "off", "1e3", "010", "2026-01-05"])
def test_the_same_words_are_text_when_quoted(path: Path, written: str) -> None:
    path.write_text(spoilt("reed_straw", f'"{written}"'))
    assert load_document(path, Recipe).product == written


def test_yes_is_no_truth_value(tmp_path: Path) -> None:
    path = tmp_path / "station.yaml"
    path.write_text("simulation: yes\n")
    with pytest.raises(
        DocumentError, match=r"station.yaml:1: simulation: `yes` is true or false to some and text to others"
    ):
        load_document(path, Station)


def test_a_key_that_is_no_text_must_be_quoted(path: Path) -> None:
    assert '12: key `3` is no text, quote it: "3"' in faults_of(path, spoilt("  crack: engines", "  3: engines"))


def test_all_faults_are_said_at_once_in_the_order_of_the_file(path: Path) -> None:
    content = (
        spoilt("reed_straw", "reed straw").replace("0.054", "1e-2").replace("min: 6", "mim: 6").replace("0.25", "2")
        + "colour: red\n"
    )
    found = faults_of(path, content)
    assert [fault.split(":")[0] for fault in found] == ["2", "4", "8", "9", "19", "21"]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "1: the file is empty, write its keys, one a line"),
        (b"# only a comment\n", "1: the file is empty, write its keys, one a line"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "3: byte 8 is no text, allowed is a text file in UTF-8"),
        (b"format: 1\nproduct: stra\xdfe\n", "2: byte 23 is no text, allowed is a text file in UTF-8"),
        (b"format: 1\nproduct: a\x07b\n", "2: a control character, allowed is a text file in UTF-8"),
        (b"format: 1\nview:\n\theight_px: 3\n", "3: a tab, allowed are spaces for indentation"),
        (b"format: 1\nview: {height_px: 3\nrules: 5\n", "3: is not YAML: "),
        (b"format: 1\n---\nformat: 1\n", "2: is not YAML: "),
        (b"format: *one\n", "1: is not YAML: found undefined alias"),
        (b"- 1\n- 2\n", "1: a list of 2 items, allowed is a mapping with format, product"),
        (b"just words\n", '1: "just words", allowed is a mapping with format, product'),
        (b"x" * 300_000, "1: is larger than 262144 bytes"),
    ],
)
def test_a_file_that_is_no_document_is_one_fault(path: Path, content: bytes, fault: str) -> None:
    found = faults_of(path, content)
    assert len(found) == 1
    assert found[0].startswith(fault)


def test_a_missing_file_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(DocumentError) as caught:
        load_document(tmp_path / "nowhere.yaml", Recipe)
    assert caught.value.faults == [f"{tmp_path}/nowhere.yaml:1: there is no such file, correct the path or write the file"]


def test_a_folder_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r":1: is a folder, name the file in it$"):
        load_document(tmp_path, Recipe)


def test_anchors_and_merge_keys_are_read_and_what_is_written_wins(path: Path) -> None:
    rule = "  - name: large\n    engine: crack\n    min_score: 0.25\n"
    path.write_text(
        spoilt("  - name: crack\n", "  - &base\n    name: crack\n").replace(
            rule, "  - {<<: *base, name: large}\n  - min_score: 0.75\n    <<: [*base]\n    name: last\n"
        )
    )
    rules = load_document(path, Recipe).rules
    assert [(rule.name, rule.engine, rule.min_score) for rule in rules] == [
        ("crack", "crack", 0.5),
        ("large", "crack", 0.5),
        ("last", "crack", 0.75),
    ]
    assert rules[2].min_area_mm2 == 1.5


def test_a_fault_in_a_merged_mapping_is_said_where_it_is_written(path: Path) -> None:
    content = spoilt("  - name: crack\n", "  - &base\n    name: crack\n").replace("min_score: 0.5\n", "min_score: 5\n")
    content = content.replace("    engine: crack\n    min_score: 0.25\n", "    <<: *base\n")
    assert [fault.split(",")[0] for fault in faults_of(path, content)] == [
        "17: rules.0.min_score: 5",
        "17: rules.1.min_score: 5",
    ]


def test_a_merge_of_no_mapping_is_a_fault(path: Path) -> None:
    assert "7: `<<` merges no mapping, allowed is `<<: *name` of a mapping" in faults_of(
        path, spoilt("kind: silhouette", "kind: silhouette\n  <<: 5")
    )


def test_aliases_that_explode_are_bounded(path: Path) -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 9)
    )
    (fault,) = faults_of(path, bomb)
    assert "more than 20000 values with all aliases expanded" in fault


def test_an_alias_inside_its_own_anchor_is_bounded(path: Path) -> None:
    assert "nested deeper than 32 levels, or an alias inside its own anchor" in faults_of(path, "a: &a [*a]\n")[0]
    assert "nested deeper than 32 levels, or an alias inside its own anchor" in faults_of(path, "a: &a\n  <<: *a\n")[0]


def test_nesting_is_bounded(path: Path) -> None:
    assert "nested deeper than" in faults_of(path, "a: " + "[" * 40 + "]" * 40)[0]
    assert "nested deeper than" in faults_of(path, "a: " + "[" * 20_000 + "]" * 20_000)[0]


@pytest.mark.parametrize("written", ["!!python/object/apply:os.system [ls]", "!own x", "!!set {a}", "!!binary aGk="])
def test_tags_are_refused_and_never_run(path: Path, written: str) -> None:
    (fault,) = faults_of(path, spoilt("reed_straw", written))
    assert fault.startswith("2: product: the tag ")
    assert fault.endswith("allowed are plain values without tags")


@pytest.mark.parametrize("written", ['"\\ud800"', '"\\0"'])
def test_a_character_that_is_no_text_is_a_fault(path: Path, written: str) -> None:
    (fault,) = faults_of(path, spoilt("reed_straw", written))
    assert fault.startswith("2: product: a character that is no text")


def test_the_lines_of_keys_are_kept(path: Path) -> None:
    path.write_text(GOOD)
    document = open_document(path, Recipe)
    assert document.line("presence", "width_mm", "max") == 10
    assert document.line("rules", 1, "min_score") == 19
    assert document.line("rules", 1, "min_length_mm") == 17  # not written: the rule's own line


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=80) | st.text(alphabet=string.printable + "äß€\u2028\x85", max_size=80).map(str.encode))
def test_no_bytes_raise_anything_but_a_fault_with_a_line(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(DocumentError) as caught:
        load_document(path, Recipe)
    assert all(fault.removeprefix(f"{path}:").split(":")[0].isdigit() for fault in caught.value.faults)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cut=st.integers(0, len(GOOD)),
    to=st.integers(0, 12),
    new=st.text(alphabet=":{}[]&*!|>-#%@`'\"\\\t\n ,?<=x0.~", max_size=6),
)
def test_a_damaged_file_is_loaded_or_said_to_be_wrong(path: Path, cut: int, to: int, new: str) -> None:
    path.write_text(GOOD[:cut] + new + GOOD[cut + to :])
    found: Recipe | list[str] = []
    try:
        found = load_document(path, Recipe)
    except DocumentError as error:
        found = error.faults
    is_loaded = isinstance(found, Recipe)
    assert is_loaded or all(fault.removeprefix(f"{path}:").split(":")[0].isdigit() for fault in found)
