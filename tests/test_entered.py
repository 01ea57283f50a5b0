"""Generators made context managers: handlers that swallow or never run, and wrong uses.

A line marked `# AGN612` and the like must be reported, and no other line.
"""

from __future__ import annotations

import textwrap

import pytest
from marked import assert_marked

from asyncgen_lint import lint_text

HEAD = """
import asyncio, logging, pytest, sys
from contextlib import asynccontextmanager

log = logging.getLogger()

async def rows():
    yield 1
    yield 2

@asynccontextmanager
async def opened():
    yield 1
"""


def manager(handlers: str, *, name: str = "transaction", extra: str = "") -> str:
    body = textwrap.indent(textwrap.dedent(handlers).strip(), "    ")
    start = f"@asynccontextmanager\nasync def {name}(db):\n    try:\n        yield db\n"
    return f"{HEAD}\n{start}{body}\n{extra}"


SWALLOWS = {
    "pass": "except Exception:  # AGN612\n    pass",
    "bare": "except:  # AGN612\n    await db.rollback()",
    "base": "except BaseException:  # AGN612\n    return",
    "in a tuple": "except (OSError, Exception):  # AGN612\n    pass",
    "logs": "except Exception as e:  # AGN612\n    log.error('%s', e)",
    "prints": "except Exception as e:  # AGN612\n    print(e)",
    "beside a narrow one": "except OSError:\n    raise\nexcept Exception:  # AGN612\n    pass",
    "with finally": "except Exception:  # AGN612\n    pass\nfinally:\n    db.x = 1",
}

RAISES = {
    "narrow": "except OSError:\n    pass",
    "raises": "except Exception:\n    raise",
    "raises another": "except Exception as e:\n    raise OSError from e",
    "raises sometimes": "except Exception:\n    if db:\n        raise",
    "keeps it": "except Exception as e:\n    db.error = e",
    "hands it on": "except Exception as e:\n    db.report(e)",
    "sets a state": "except Exception:\n    db.state = 'failed'",
    "calls what may raise": "except Exception:\n    db.fail()",
    "exits": "except Exception:\n    sys.exit(1)",
    "expects one": "except Exception:\n    pass\nelse:\n    raise AssertionError",
    "raises later": "except Exception:\n    db = None\nif db is None:\n    raise OSError",
    "raises in the end": (
        "except Exception:\n    failed = True\nelse:\n    failed = False\n"
        "db.close()\nif failed:\n    raise OSError"
    ),
    "raises what is caught": (
        "except Exception:\n    try:\n        raise LookupError\n"
        "    except LookupError:\n        pass"
    ),
    "yields behind": "except Exception:\n    pass\nyield None",
    "yields again": "except Exception:\n    yield None",
}


@pytest.mark.parametrize("case", SWALLOWS)
def test_handlers_that_swallow(case: str) -> None:
    assert_marked(manager(SWALLOWS[case]))


@pytest.mark.parametrize("case", RAISES)
def test_handlers_that_do_not(case: str) -> None:
    found = lint_text(manager(RAISES[case]), select=["AGN612"])
    assert found == []


@pytest.mark.parametrize("name", ["suppressing", "ignore_errors", "error_boundary", "safely"])
def test_a_name_may_say_that_errors_are_swallowed(name: str) -> None:
    assert_marked(manager("except Exception:\n    pass", name=name))


def test_generators_that_are_iterated_swallow_nothing_of_their_consumer() -> None:
    text = manager("except Exception:\n    pass").replace(
        "@asynccontextmanager\nasync def tr", "async def tr"
    )
    assert [each.code for each in lint_text(text, select=["AGN612"])] == []


def test_handlers_for_errors_of_the_cleanup_swallow_none_of_the_body() -> None:
    assert_marked(
        f"""{HEAD}
@asynccontextmanager
async def transaction(db):
    yield db
    try:
        if not await db.close():
            raise OSError("still open")
    except Exception:
        log.exception("left open")
"""
    )


def test_sync_generators_are_not_judged() -> None:
    text = manager("except Exception:  # AGN612\n    log.error('failed')")
    assert_marked(text)
    text = text.replace("  # AGN612", "")
    entered_never = "@asynccontextmanager  # AGN604\ndef tr"
    assert_marked(text.replace("@asynccontextmanager\nasync def tr", entered_never))
    text = text.replace("@asynccontextmanager\nasync def tr", "@contextmanager\ndef tr")
    assert_marked(text.replace("import asyncc", "import contextmanager, asyncc"))


DEAD = {
    "closes": ("except GeneratorExit:  # AGN613\n    await db.close()", ""),
    "raises too": ("except GeneratorExit:  # AGN613\n    await db.close()\n    raise", ""),
    "only raises": ("except GeneratorExit:\n    raise", ""),
    "only logs": ("except GeneratorExit:\n    log.info('left')\n    raise", ""),
    "repeated": ("except GeneratorExit:\n    db.close()\n    raise\nfinally:\n    db.close()", ""),
    "with another type": (
        "except (GeneratorExit, asyncio.CancelledError):\n    db.close()\n    raise",
        "",
    ),
    "beside one for all": (
        "except GeneratorExit:\n    db.close()\n    raise\nexcept BaseException:\n    raise",
        "",
    ),
    "entered in a generator": (
        "except GeneratorExit:\n    db.close()\n    raise",
        "async def use(db):\n    async with transaction(db):\n        yield 1\n",
    ),
}


@pytest.mark.parametrize("case", DEAD)
def test_handlers_for_generator_exit(case: str) -> None:
    handlers, extra = DEAD[case]
    assert_marked(manager(handlers, extra=extra))


USES = {
    "iterated": "async for x in opened():  # AGN614\n    pass",
    "in a comprehension": "return [x async for x in opened()]  # AGN614",
    "awaited": "await opened()  # AGN614",
    "stepped": "await anext(opened())  # AGN614",
    "with": "with opened():  # AGN614\n    pass",
    "by name": "m = opened()\nawait m  # AGN614",
    "name of two things": "m = opened()\nm = rows()\nasync for x in m: pass",
    "expected": "with pytest.raises(TypeError):\n    await opened()",
    "handled": "try:\n    await opened()\nexcept TypeError:\n    pass",
    "entered": "async with opened() as x:\n    await asyncio.sleep(x)",
    "twice": ("m = opened()\nasync with m:\n    pass\nasync with m:  # AGN614\n    pass"),
    "twice, by two names": (
        "m = opened()\nn = m\nasync with n:\n    pass\nasync with n:  # AGN614\n    pass"
    ),
    "again when entering failed": (
        "m = opened()\ntry:\n    async with m:\n        return\nexcept OSError:\n"
        "    async with m:  # AGN614\n        pass"
    ),
    "what it gives, twice": (
        "async with opened() as m:\n    async with m:\n        pass\n"
        "    async with m:\n        pass"
    ),
    "nested": "m = opened()\nasync with m:\n    async with m:  # AGN614\n        pass",
    "in a loop": "m = opened()\nfor _ in range(2):\n    async with m:  # AGN614\n        pass",
    "in a loop that ends": (
        "m = opened()\nfor _ in range(2):\n    async with m:\n        pass\n    break"
    ),
    "made anew": "m = opened()\nasync with m:\n    pass\nm = opened()\nasync with m:\n    pass",
    "in two branches": (
        "m = opened()\nif y:\n    async with m:\n        pass\n"
        "else:\n    async with m:\n        pass"
    ),
    "of a parameter": "async with y:\n    pass\nasync with y:\n    pass",
}


@pytest.mark.parametrize("case", USES)
def test_uses_of_managers(case: str) -> None:
    assert_marked(f"{HEAD}\nasync def use(y):\n{textwrap.indent(USES[case], '    ')}\n")


def test_a_decorator_may_make_more_of_a_manager() -> None:
    text = HEAD.replace("@asynccontextmanager", "@awaitable\n@asynccontextmanager")
    assert_marked(f"{text}\nasync def use():\n    await opened()\n")


THROWS = {
    "ValueError, ValueError('x')": True,
    "ValueError, None": True,
    "ValueError, None, None": True,
    "ValueError, 'x'": False,
    "ValueError, ValueError('x'), tb": False,
}


@pytest.mark.parametrize("arguments", THROWS)
def test_athrow_in_parts(arguments: str) -> None:
    text = f"{HEAD}\nasync def use(tb):\n    g = rows()\n    await g.athrow({arguments})\n"
    (found,) = lint_text(text, select=["AGN615"], target_version=(3, 12))
    assert (found.fix is not None) is THROWS[arguments]
    assert lint_text(text, select=["AGN615"], target_version=(3, 11)) == []


@pytest.mark.parametrize("arguments", ["ValueError", "ValueError('x')", "*parts", "e, *parts"])
def test_athrow_of_one_argument(arguments: str) -> None:
    text = f"{HEAD}\nasync def use(e, parts):\n    g = rows()\n    await g.athrow({arguments})\n"
    assert lint_text(text, select=["AGN615"], target_version=(3, 12)) == []


def test_a_manager_made_of_a_plain_function_is_no_sync_one() -> None:
    assert_marked(
        f"""{HEAD}
@asynccontextmanager
def lent():
    return rows()
def use():
    with lent():  # AGN614
        pass
"""
    )
