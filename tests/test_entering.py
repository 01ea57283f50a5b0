"""Ways through context managers: a second yield, none at all, and what is left alone."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from marked import assert_marked

from asyncgen_lint import lint_paths

HEADER = """
import asyncio, logging
from contextlib import asynccontextmanager, contextmanager, suppress
log = logging.getLogger()
"""

CASES = {
    "flag set by the yield": """
        @asynccontextmanager
        async def session():
            entered = False
            try:
                conn = await connect()
                entered = True
                yield conn
            except Exception:
                if entered:
                    raise
                yield None
    """,
    "flag that says nothing": """
        @asynccontextmanager
        async def session():
            entered = False
            try:
                conn = await connect()
                yield conn
            except Exception:
                if entered:
                    raise
                yield None  # AGN602
    """,
    "the handler may raise": """
        @asynccontextmanager
        async def session(strict):
            try:
                yield 1
            except Exception:
                if strict:
                    raise
                yield None
    """,
    "a loop over what may be one": """
        @asynccontextmanager
        async def session(hosts):
            for host in hosts:
                yield host
    """,
    "a loop of several turns": """
        @asynccontextmanager
        async def session():
            for host in ("one", "two"):
                yield host  # AGN602
    """,
    "a loop of one turn": """
        @asynccontextmanager
        async def session():
            for host in range(1):
                yield host
    """,
    "suppressed, and yielded again": """
        @asynccontextmanager
        async def session():
            with suppress(BaseException):
                yield 1
                return
            yield 2  # AGN602
    """,
    "a plain generator": """
        async def session():
            yield 1
            yield 2
    """,
    "a dependency": """
        from fastapi import Depends
        async def session(shared=None):
            if shared:
                yield shared
            yield 2  # AGN602
        async def handler(session=Depends(session)): ...
    """,
    "an unknown decorator beneath": """
        from somewhere import retry
        @asynccontextmanager
        @retry
        async def session():
            yield 1
            yield 2
    """,
    "return before the yield": """
        @asynccontextmanager
        async def session(enabled):
            if not enabled:
                return  # AGN603
            yield 1
    """,
    "conditions that exclude each other": """
        @asynccontextmanager
        async def session(enabled):
            if enabled:
                yield 1
            if not enabled:
                yield 2
    """,
    "a condition that was decided before": """
        @asynccontextmanager
        async def session(enabled):
            if not enabled:
                raise LookupError
            if enabled:
                yield 1
    """,
    "the same condition twice": """
        @asynccontextmanager
        async def session(self):
            if self.conn is None:
                yield 1
                return
            if self.conn is not None:
                yield 2
    """,
    "a flag that the handler clears": """
        @asynccontextmanager
        async def session():
            conn = None
            try:
                conn = await connect()
            except OSError:
                log.error("no connection")
            if conn is None:
                raise LookupError
            yield conn
    """,
    "two conditions": """
        @asynccontextmanager
        async def session(ready, enabled):  # AGN603
            if not ready:
                raise LookupError
            if enabled:
                yield 1
    """,
    "a loop until it has yielded": """
        @asynccontextmanager
        async def session():
            connected = False
            while not connected:
                try:
                    conn = await connect()
                except OSError:
                    await asyncio.sleep(1)
                    continue
                connected = True
                yield conn
        @asynccontextmanager
        async def perhaps(connected):  # AGN603
            while not connected:
                conn = await connect()
                connected = True
                yield conn
    """,
    "a method to be overridden": """
        class Base:
            @asynccontextmanager
            async def session(self):
                return
                yield
    """,
    "a host is looked for": """
        @asynccontextmanager
        async def session(hosts):
            found = None
            try:
                async for host in hosts:
                    found = host
            except OSError:
                log.warning("no hosts")
                return  # AGN603
            yield found
    """,
    "one handler after the other": """
        class Refused(Exception): pass
        @asynccontextmanager
        async def raised_anew():
            try:
                try:
                    conn = await connect()
                except Exception as error:
                    raise Refused from error
            except Refused:
                log.warning("no connection")
                return  # AGN603
            yield conn
        @asynccontextmanager
        async def raised_again():
            try:
                try:
                    conn = await connect()
                except BaseException:
                    await clean()
                    raise
            except Exception:
                log.warning("no connection")
                return  # AGN603
            yield conn
        @asynccontextmanager
        async def raised_perhaps():
            try:
                try:
                    conn = await connect()
                except Exception as error:
                    raise refusal(error) from error
            except OSError:
                log.warning("no connection")
                return
            yield conn
        @asynccontextmanager
        async def raised_as_another():
            try:
                try:
                    conn = await connect()
                except Exception as error:
                    raise Refused from error
            except OSError:
                return
            yield conn
    """,
    "one handler after the other, of library errors": """
        import httpx
        class Refused(httpx.HTTPError): pass
        class Cancelled(asyncio.CancelledError): pass
        @asynccontextmanager
        async def refused():
            try:
                try:
                    conn = await connect()
                except BaseException as error:
                    raise Refused from error
            except Exception:
                return  # AGN603
            yield conn
        @asynccontextmanager
        async def cancelled():
            try:
                try:
                    conn = await connect()
                except BaseException as error:
                    raise Cancelled from error
            except Exception:
                return
            yield conn
    """,
    "a cancelled setup": """
        @asynccontextmanager
        async def session():
            try:
                conn = await connect()
            except asyncio.CancelledError:
                return  # AGN603
            yield conn
    """,
    "all attempts failed": """
        @asynccontextmanager
        async def session():  # AGN603
            for attempt in range(3):
                try:
                    conn = await connect()
                except OSError:
                    continue
                yield conn
                return
    """,
    "the last attempt raises": """
        @asynccontextmanager
        async def session(n):
            for attempt in range(n):
                try:
                    conn = await connect()
                except OSError:
                    if attempt == n - 1:
                        raise
                    continue
                yield conn
                return
    """,
    "the handler hands the error on": """
        @asynccontextmanager
        async def session():
            try:
                conn = await connect()
                yield conn
            except Exception as error:
                report(error)
    """,
    "a helper that may raise": """
        @asynccontextmanager
        async def session(self, enabled):
            if enabled:
                yield 1
            else:
                self.skip("not enabled")
    """,
    "what does not raise": """
        @asynccontextmanager
        async def logged(enabled):  # AGN603
            if enabled:
                yield 1
            else:
                log.warning("not enabled")
        @asynccontextmanager
        async def printed(enabled):  # AGN603
            if enabled:
                yield 1
            else:
                print("not enabled")
    """,
    "the errors of a group are raised one by one": """
        @asynccontextmanager
        async def session():
            try:
                conn = await connect()
                yield conn
            except* ValueError as group:
                for error in group.exceptions:
                    raise error
        @asynccontextmanager
        async def grouped():
            try:
                yield await connect()
            except Exception as error:
                for each in error.exceptions:
                    raise each from error
    """,
    "the setup's error is logged": """
        @asynccontextmanager
        async def session():  # AGN603
            try:
                conn = await connect()
                yield conn
            except Exception:  # AGN612
                log.exception("failed")
    """,
    "wrong decorators": """
        @contextmanager  # AGN604
        async def one():
            yield 1
        @asynccontextmanager  # AGN604
        def two():
            yield 1
        @asynccontextmanager  # AGN604
        async def three():
            await asyncio.sleep(0)
        @asynccontextmanager
        @made_async
        def made():
            yield 1
        @asynccontextmanager
        def four():
            return plain()
        async def plain():
            yield 1
        @asynccontextmanager
        async def five(): ...
        @asynccontextmanager
        async def six():
            raise NotImplementedError("".join("six"))
    """,
    "loops that never end, and one that does": """
        import itertools
        @asynccontextmanager
        async def endless():
            for _ in itertools.count():
                if await connect():
                    yield 1
                    break
        @asynccontextmanager
        async def counted(tries):  # AGN603
            for _ in itertools.repeat(1, tries):
                if await connect():
                    yield 1
                    break
    """,
}


@pytest.mark.parametrize("text", CASES.values(), ids=CASES.keys())
def test_ways_through_context_managers(text: str) -> None:
    assert_marked(text, after=HEADER)


def test_entering_a_cancel_scope_does_not_fail() -> None:
    text = """
    @asynccontextmanager
    async def grouped():
        try:
            async with asyncio.TaskGroup() as group:
                yield group
        except Exception:  # AGN612
            log.exception("failed")
    @asynccontextmanager
    async def connected():  # AGN603
        try:
            async with connect() as conn:
                yield conn
        except Exception:  # AGN612
            log.exception("failed")
    @asynccontextmanager
    async def expected():
        try:
            async with connect() as conn:
                yield conn
        except OSError:
            log.exception("failed")
    @asynccontextmanager
    async def traced():
        try:
            with span():
                yield 1
        except Exception:  # AGN612
            log.exception("failed")
    @asynccontextmanager
    async def locked(lock):
        try:
            async with lock:
                yield 1
        except Exception:  # AGN612
            log.exception("failed")
    """
    marked = HEADER + textwrap.dedent(text)
    assert_marked(marked.replace("  # AGN603", ""))
    assert_marked(marked, strict=True)


def test_conditions_behind_a_return_do_not_hide_it() -> None:
    options = "\n".join(f"    if options.any_{n}:\n        conn.set({n})" for n in range(12))
    assert_marked(
        f"""{HEADER}
@asynccontextmanager
async def session(conn, options):
    if conn is None:
        return  # AGN603
{options}
    yield conn
"""
    )


@pytest.mark.parametrize("case", [each for each in CASES if each.startswith("one handler")])
def test_exceptions_of_a_package_are_known_as_those_of_a_file_are(
    case: str, tmp_path: Path
) -> None:
    text = HEADER + textwrap.dedent(CASES[case])
    (tmp_path / "pyproject.toml").write_text("[tool.asyncgen-lint]\npython = 'none'\n")
    (tmp_path / "pools").mkdir()
    (tmp_path / "pools" / "__init__.py").touch()
    (tmp_path / "pools" / "session.py").write_text(text)
    marked = [number for number, line in enumerate(text.splitlines(), 1) if "# AGN603" in line]
    found = [each.span.start.line for each in lint_paths([tmp_path])]
    assert found == marked
