"""What is wrong with another module is nothing to say of the one that imports it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from bad_texts import BAD, EMPTY
from ways_in import LEFT_OPEN, asyncgen_lint, flake8

from asyncgen_lint import lint_paths
from asyncgen_lint.project import programs
from asyncgen_lint.project.program import MAX_SIZE

MANY = 300
SECONDS = 20

OWN = (13, "AGN101")
FOREIGN = (21, "AGN101")
USER = f"""\
{LEFT_OPEN}

async def second():
    from neighbour import ticks as others

    async for tick in others():
        break
"""
assert USER.splitlines()[FOREIGN[0] - 1].endswith("others():")

CLEANUP = LEFT_OPEN.partition("async def first")[0]

Found = list[tuple[int, str]]


@pytest.fixture
def found_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Found]:
    """Lint a.py among its neighbours, read anew."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[tool.asyncgen-lint]\npython = 'none'\n")

    def lint(neighbours: Mapping[str, str], user: str = USER) -> Found:
        for name, text in neighbours.items():
            Path(name).write_text(text)
        Path("a.py").write_text(user)
        programs.forget()
        started = time.monotonic()
        found = [(each.span.start.line, each.code) for each in lint_paths(["a.py"])]
        assert time.monotonic() - started < SECONDS
        return found

    yield lint
    programs.forget()


@pytest.mark.parametrize("name", BAD)
def test_bad_text(found_in: Callable[..., Found], name: str) -> None:
    data, message = BAD[name]
    Path("neighbour.py").write_bytes(data)
    found = found_in({})
    if name in ("many_terms", "many_parentheses"):
        # Which of these Python itself parses depends on its version.
        assert found in ([OWN], [OWN, FOREIGN])
    else:
        assert found == ([OWN, FOREIGN] if message is None else [OWN])


@pytest.mark.parametrize("name", EMPTY)
def test_empty(found_in: Callable[..., Found], name: str) -> None:
    Path("neighbour.py").write_bytes(EMPTY[name])
    assert found_in({}) == [OWN]


def test_bad_statement_beside_a_good_one(found_in: Callable[..., Found]) -> None:
    nested = "x = f" + ".g()" * 900 + "\n"
    assert found_in({"neighbour.py": nested + CLEANUP}) == [OWN, FOREIGN]


def test_huge(found_in: Callable[..., Found]) -> None:
    numbers = "numbers = [\n" + "    1, 2, 3,\n" * (MAX_SIZE // 13) + "]\n"
    assert found_in({"neighbour.py": CLEANUP + numbers}) == [OWN]
    almost = numbers[: MAX_SIZE // 4].rpartition("\n")[0] + "\n]\n"
    assert found_in({"neighbour.py": CLEANUP + almost}) == [OWN, FOREIGN]


def test_no_plain_file(found_in: Callable[..., Found]) -> None:
    places = ("nowhere", "neighbour.py", "/proc/self/mem", "/dev/zero")
    for place in places:
        Path("neighbour.py").symlink_to(place)
        assert found_in({}) == [OWN]
        Path("neighbour.py").unlink()
    os.mkfifo("neighbour.py")
    assert found_in({}) == [OWN]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads any file, whatever its mode")
def test_unreadable_by_its_mode(found_in: Callable[..., Found]) -> None:
    Path("neighbour.py").write_text(CLEANUP)
    Path("neighbour.py").chmod(0)
    assert found_in({}) == [OWN]


def test_folder_named_like_a_file(found_in: Callable[..., Found]) -> None:
    Path("neighbour.py").mkdir()
    assert found_in({}) == [OWN]
    Path("neighbour").mkdir()
    assert found_in({"neighbour/__init__.py": CLEANUP}) == [OWN, FOREIGN]


def test_folder_named_like_the_file_of_a_package(found_in: Callable[..., Found]) -> None:
    Path("neighbour/__init__.py").mkdir(parents=True)
    assert found_in({"neighbour/ticks.py": CLEANUP}) == [OWN]


def test_deleted_after_its_folder_was_listed(found_in: Callable[..., Found]) -> None:
    second = USER.replace("neighbour", "late")
    neighbours = {"neighbour.py": CLEANUP, "late.py": CLEANUP, "b.py": second}
    assert found_in(neighbours) == [OWN, FOREIGN]
    Path("late.py").unlink()
    found = [(each.span.start.line, each.code) for each in lint_paths(["b.py"])]
    assert found == [OWN]


def chain(form: str, last: str, *, count: int = MANY) -> dict[str, str]:
    """Modules of which each is made from the next one, up to the last."""
    modules = {f"m{each}.py": form.format(each + 1) for each in range(count)}
    return {"neighbour.py": form.format(0), **modules, f"m{count}.py": last}


IMPORTS = {
    "from": "from m{0} import ticks\n",
    "star": "from m{0} import *\n",
    "attribute": "import m{0}\nticks = m{0}.ticks\n",
    "in_a_function": "def ticks():\n    from m{0} import ticks as last\n    return last()\n",
    "delegation": "import m{0}\nasync def ticks():\n"
    "    async for x in m{0}.ticks():\n        yield x\n",
}


@pytest.mark.parametrize("form", IMPORTS)
def test_short_chain(found_in: Callable[..., Found], form: str) -> None:
    assert found_in(chain(IMPORTS[form], CLEANUP, count=10)) == [OWN, FOREIGN]


@pytest.mark.parametrize("form", IMPORTS)
def test_long_chain(found_in: Callable[..., Found], form: str) -> None:
    found = found_in(chain(IMPORTS[form], CLEANUP))
    # Names, and what functions return, are followed no further than a good way.
    assert found == ([OWN, FOREIGN] if form == "delegation" else [OWN])


def test_endless_chain_of_functions(found_in: Callable[..., Found]) -> None:
    assert found_in(chain(IMPORTS["in_a_function"], CLEANUP, count=5 * MANY)) == [OWN]


@pytest.mark.parametrize("form", IMPORTS)
def test_cycle(found_in: Callable[..., Found], form: str) -> None:
    assert found_in(chain(IMPORTS[form], IMPORTS[form].format(0))) == [OWN]
    Path("m5.py").unlink()
    assert found_in({"neighbour.py": IMPORTS[form].format(6)}) == [OWN]


@pytest.mark.parametrize("form", ["from", "star"])
def test_everything_imports_everything(found_in: Callable[..., Found], form: str) -> None:
    count = 25
    text = "".join(
        f"try:\n    {IMPORTS[form].format(each)}except ImportError:\n    pass\n"
        for each in range(count)
    )
    modules = {f"m{each}.py": text for each in range(count)}
    assert found_in({"neighbour.py": text, **modules}) == [OWN]
    ladder = {
        f"m{each}.py": f"from m{each + 1} import *\nfrom m{each + 2} import *\n"
        for each in range(99)
    }
    assert found_in({"neighbour.py": "from m0 import *\n", **ladder}) == [OWN]


def test_all_ways_in_are_silent_too(found_in: Callable[..., Found], tmp_path: Path) -> None:
    found_in({"neighbour.py": "def (:\n", **chain(IMPORTS["star"], "\0")})
    said = asyncgen_lint("check", "a.py", "--output-format", "concise", cwd=tmp_path).out
    assert [line[:17] for line in said.splitlines()][:1] == ["a.py:13:5: AGN101"]
    assert "AGN000" not in said
    said = flake8("--select", "AGN", "a.py", cwd=tmp_path).out
    assert [line[:17] for line in said.splitlines()] == ["a.py:13:5: AGN101"]
