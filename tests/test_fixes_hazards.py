"""Six ways in which a repair does harm, and what shows that ours do not.

| # | the harm | fixture | function | what the tool does |
|---|---|---|---|---|
| 1 | a manager ends what is used later | AGN101/bad.py | rest_is_for_another | no fix |
| 1 | it is the caller's, who goes on | AGN103/bad.py | source_is_passed_in | no fix |
| 2 | a cleanup error hides the consumer's | all | all | says so in the title |
| 3 | a commit runs on failure too | AGN108/good.py | committed_on_success | no finding |
| 3 | | AGN601/good.py | committed_on_success | no finding |
| 3 | | AGN601/bad.py | session_committed_and_closed | the commit stays before `finally` |
| 4 | an outer generator then needs closing | two files, below | | repaired too, or reported |
| 5 | `return` does not reach the handler | AGN405/good.py | caught_in_the_function | no finding |
| 6 | an item is used once its source is closed | AGN101/bad.py | item_is_returned | no fix |
| 6 | | AGN101/bad.py | items_are_kept | no fix |
| 6 | | AGN104/bad.unsafe.py | | unsafe where something made of it is |

The rows with a function are held by the first test, 2 and 4 by those that follow.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fixture_harness import FIXTURES, read_header
from ways_in import asyncgen_lint

from asyncgen_lint import lint_text
from asyncgen_lint.fixes.apply import apply_fixes
from asyncgen_lint.registry import all_rules
from asyncgen_lint.rule import Diagnostic, Rule
from asyncgen_lint.source.text import Source

ROW = re.compile(r"\| \d \|[^|]*\| (AGN\d+)/(\w+)\.py \| (\w+) \| (no fix|no finding) \|")
DECLINED = ROW.findall(__doc__ or "")


def function_in(text: str, name: str) -> str:
    """Return the text of a function."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.AsyncFunctionDef) and node.name == name:
            return "\n".join(text.splitlines()[node.lineno - 1 : node.end_lineno])
    raise AssertionError(f"no function {name}")


def test_table_is_read() -> None:
    assert len(DECLINED) == 7


@pytest.mark.parametrize(("code", "stem", "name", "what"), DECLINED)
def test_function_is_left_as_it_is(code: str, stem: str, name: str, what: str) -> None:
    text = (FIXTURES / code / f"{stem}.py").read_text("utf-8")
    before = function_in(text, name)
    if what == "no finding":
        assert f"# ok: {code}" in before
        return
    assert f"# expect: {code}" in before
    for golden in (FIXTURES / code).glob(f"{stem}.*.py"):
        assert function_in(golden.read_text("utf-8"), name) == before


def test_commit_stays_for_success() -> None:
    after = (FIXTURES / "AGN601" / "bad.fixed.py").read_text("utf-8")
    body, final = function_in(after, "session_committed_and_closed").split("finally:")
    assert "session.commit()" in body
    assert "session.close()" in final
    assert "commit" not in final


# 2: what is cleaned up now may raise where it did not

SAYS_SO = re.compile(r"; errors in (its|their) cleanup now reach the caller$")

NEVER_RAN = {
    "AGN205": "`with` over such a manager raised at once",
    "AGN307": "`yield from` in an `async def` did not compile",
    "AGN512": "async generators have no such method",
    "AGN604": "a function decorated like that could not be entered",
    "AGN614": "what is entered now raised where it stood",
}
"""Rules whose fixes add managers to code of which no run worked: no error there is new."""


def cleanups(text: str) -> int:
    """Return how often a text cleans up: by `async with`, in a `finally`, by awaiting a close."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return 0
    return sum(
        len(node.items)
        if isinstance(node, ast.AsyncWith)
        else bool(node.finalbody)
        if isinstance(node, ast.Try)
        else isinstance(node, ast.Await) and "aclose()" in ast.unparse(node)
        for node in ast.walk(tree)
    )


def fixes_in_fixtures() -> Iterator[tuple[str, str, Diagnostic]]:
    """Yield each fix of the programs of a rule, with the text before and after it alone."""
    for path in sorted(FIXTURES.glob("AGN*/*.py")):
        if re.fullmatch(r"(bad(_\w+)?|example)\.py", path.name):
            text = path.read_text("utf-8")
            target = read_header(text).target
            code = path.parent.name
            for each in lint_text(text, select=[code], strict=True, target_version=target):
                if each.fix is not None:
                    yield text, apply_fixes(Source("x.py", text), [each]).text, each


FIXES = list(fixes_in_fixtures())


def test_title_says_what_cleanup_may_raise() -> None:
    wrong = []
    for before, after, diagnostic in FIXES:
        assert diagnostic.fix is not None
        title = diagnostic.fix.title
        says_so = SAYS_SO.search(title) is not None
        adds = cleanups(after) > cleanups(before)
        if says_so if diagnostic.code in NEVER_RAN else adds and not says_so:
            wrong.append(f"{diagnostic.code}: {title}")
    assert not wrong


def test_titles_are_orders_with_names_in_backticks() -> None:
    titles = {each.fix.title for _, _, each in FIXES if each.fix is not None}
    prose = [re.sub(r"`[^`]*`", "", title) for title in titles]
    assert not [each for each in prose if re.search(r"[A-Z]\w*[A-Z]|\(|_|\.", each)]
    assert not [each for each in titles if not re.match(r"[A-Z][a-z]+\b(?!ing)", each)]
    assert all(not re.search(r"`(the|this|it|a) ", each) for each in titles)


def test_rules_that_declare_a_fix_show_one() -> None:
    shown = {each.code for _, _, each in FIXES}
    assert shown == {each.code for each in all_rules() if each.fixable}
    for code in shown:
        goldens = [
            *(FIXTURES / code).glob("bad*.fixed.py"),
            *(FIXTURES / code).glob("bad*.unsafe.py"),
        ]
        assert goldens, code


@pytest.mark.parametrize("rule", all_rules(), ids=lambda each: each.code)
def test_page_says_how_safe_the_fixes_are(rule: Rule) -> None:
    page = " ".join(rule.doc.partition("Fix safety: ")[2].lower().split())
    words = set(re.findall(r"\b(?:safe|unsafe)\b", page))
    offered = {
        each.fix.safety.value
        for _, _, each in FIXES
        if each.code == rule.code and each.fix is not None
    }
    assert offered <= words | ({"safe", "unsafe"} if page.startswith("as for agn101") else set())
    assert page.startswith("no automatic fix") is not rule.fixable


# 4: who reads a generator that delegates must close it, once that closes its source

LIBRARY = """\
import asyncio


async def rows():
    try:
        yield 1
        yield 2
    finally:
        await asyncio.sleep(0)


async def outer():
    async for row in rows():
        yield row


async def first():
    async for row in outer():
        if row:
            break
"""

READER = """\
from library import outer


async def second():
    async for row in outer():
        if row > 1:
            break
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "library.py").write_text(LIBRARY, "utf-8")
    (tmp_path / "reader.py").write_text(READER, "utf-8")
    return tmp_path


def test_reader_in_the_same_file_is_repaired_with_the_outer(project: Path) -> None:
    asyncgen_lint("fix", "library.py", cwd=project)
    after = (project / "library.py").read_text("utf-8")
    assert "aclosing(rows()) as rows_stream:" in after
    assert "aclosing(outer()) as outer_stream:" in after
    assert asyncgen_lint("check", "library.py", cwd=project).status == 0


def test_reader_in_another_file_is_reported_and_repaired(project: Path) -> None:
    asyncgen_lint("fix", "library.py", cwd=project)
    assert (project / "reader.py").read_text("utf-8") == READER
    ran = asyncgen_lint("check", "reader.py", cwd=project)
    assert ran.status == 1
    assert "AGN101" in ran.out
    asyncgen_lint("fix", cwd=project)
    assert "aclosing(outer()) as outer_stream:" in (project / "reader.py").read_text("utf-8")
    assert asyncgen_lint("check", cwd=project).status == 0


def test_all_files_at_once_come_out_whole(project: Path) -> None:
    asyncgen_lint("fix", cwd=project)
    assert asyncgen_lint("check", cwd=project).status == 0
    for name in ("library.py", "reader.py"):
        assert "aclosing(outer()) as outer_stream:" in (project / name).read_text("utf-8")
