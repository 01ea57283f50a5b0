"""Importing what a fix needs: the name it gets, and the place of the import."""

from __future__ import annotations

import pytest
from fixing import compiles, dedented, fixed, fixes_of, wraps

LOOP = "\n\nasync def f():\n    async for x in rows():\n        break\n"


def imported(head: str) -> str:
    """Return the head of a file after a fix in it that needs `aclosing`."""
    text = dedented(head) + LOOP
    assert compiles(text), text
    new = fixed(text, wraps)
    loop = (
        "\n\nasync def f():\n"
        "    async with aclosing(rows()) as rows_stream:\n"
        "        async for x in rows_stream:\n"
        "            break\n"
    )
    assert new.endswith(loop), new
    return new.removesuffix(loop)


PAIRS = {
    "before the only name": (
        "from contextlib import suppress\n",
        "from contextlib import aclosing, suppress\n",
    ),
    "after classes": (
        "from contextlib import AsyncExitStack\n",
        "from contextlib import AsyncExitStack, aclosing\n",
    ),
    "between": (
        "from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, suppress  # c\n",
        "from contextlib import AsyncExitStack, ExitStack, aclosing, asynccontextmanager,"
        " suppress  # c\n",
    ),
    "case ignored by the file": (
        "from contextlib import asynccontextmanager, AsyncExitStack, suppress\n",
        "from contextlib import aclosing, asynccontextmanager, AsyncExitStack, suppress\n",
    ),
    "no order in the file": (
        "from contextlib import suppress, AsyncExitStack, closing\n",
        "from contextlib import suppress, AsyncExitStack, closing, aclosing\n",
    ),
    "alias": (
        "from contextlib import AsyncExitStack as Stack, closing as c, suppress\n",
        "from contextlib import AsyncExitStack as Stack, aclosing, closing as c, suppress\n",
    ),
    "beside other imports": (
        "import os; from contextlib import suppress; import re\n",
        "import os; from contextlib import aclosing, suppress; import re\n",
    ),
    "brackets on one line": (
        "from contextlib import (AsyncExitStack,)\n",
        "from contextlib import (AsyncExitStack, aclosing,)\n",
    ),
    "one line each": (
        """
        from contextlib import (
            AsyncExitStack,  # why
            # about suppress
            suppress,
        )
        """,
        """
        from contextlib import (
            AsyncExitStack,  # why
            aclosing,
            # about suppress
            suppress,
        )
        """,
    ),
    "one line each, last": (
        """
        from contextlib import (
            AsyncContextDecorator,
            AsyncExitStack,  # why
            # end
        )
        """,
        """
        from contextlib import (
            AsyncContextDecorator,
            AsyncExitStack,  # why
            aclosing,
            # end
        )
        """,
    ),
    "one line each, last, no comma": (
        """
        from contextlib import (
            AsyncContextDecorator,
            AsyncExitStack  # why
        )
        """,
        """
        from contextlib import (
            AsyncContextDecorator,
            AsyncExitStack,  # why
            aclosing
        )
        """,
    ),
    "grid": (
        """
        from contextlib import (AsyncExitStack,
                                asynccontextmanager)
        """,
        """
        from contextlib import (AsyncExitStack,
                                aclosing,
                                asynccontextmanager)
        """,
    ),
    "grid, last": (
        """
        from contextlib import (AsyncContextDecorator,
                                AsyncExitStack)
        """,
        """
        from contextlib import (AsyncContextDecorator,
                                AsyncExitStack,
                                aclosing)
        """,
    ),
    "several on a line": (
        """
        from contextlib import (
            AsyncContextDecorator, AsyncExitStack,
            asynccontextmanager, suppress,
        )
        """,
        """
        from contextlib import (
            AsyncContextDecorator, AsyncExitStack,
            aclosing, asynccontextmanager, suppress,
        )
        """,
    ),
    "backslash": (
        """
        from contextlib import AsyncExitStack, \\
            suppress
        """,
        """
        from contextlib import AsyncExitStack, \\
            aclosing, suppress
        """,
    ),
    "only an alias is imported": (
        "from contextlib import suppress as s\n",
        "from contextlib import aclosing\nfrom contextlib import suppress as s\n",
    ),
    "a comment behind the bracket": (
        """
        from contextlib import (  # noqa
            AsyncExitStack,
            suppress,  # last
        )
        """,
        """
        from contextlib import (  # noqa
            AsyncExitStack,
            aclosing,
            suppress,  # last
        )
        """,
    ),
    "one name a line": (
        "from contextlib import AsyncExitStack\nfrom contextlib import suppress\nimport os\n",
        "from contextlib import AsyncExitStack\nfrom contextlib import aclosing\n"
        "from contextlib import suppress\nimport os\n",
    ),
    "one name a line, of another module": (
        "from contextlib import suppress\nfrom typing import Any\nfrom typing import cast\n",
        "from contextlib import aclosing\nfrom contextlib import suppress\n"
        "from typing import Any\nfrom typing import cast\n",
    ),
    "two imports of the module": (
        "from contextlib import suppress, closing\nfrom contextlib import ExitStack\n",
        "from contextlib import suppress, closing, aclosing\nfrom contextlib import ExitStack\n",
    ),
    "below a definition": (
        "def g():\n    pass\n\n\nfrom contextlib import suppress\n",
        "from contextlib import aclosing\n\n\ndef g():\n    pass\n\n\n"
        "from contextlib import suppress\n",
    ),
    "docstring and future, with comments": (
        "# Licence\n'''Doc\nof it.'''\n# why\nfrom __future__ import annotations  # lazy\n\n# x\n"
        "x = 1\n",
        "# Licence\n'''Doc\nof it.'''\n# why\nfrom __future__ import annotations  # lazy\n\n"
        "from contextlib import aclosing\n\n# x\nx = 1\n",
    ),
    "two future imports, and one beside another": (
        "from __future__ import annotations\nfrom __future__ import division; import os\n",
        "from __future__ import annotations\nfrom __future__ import division; import os\n\n"
        "from contextlib import aclosing\n",
    ),
    "a docstring beside an import": (
        "'''Doc.'''; import os\n",
        "'''Doc.'''; import os\n\nfrom contextlib import aclosing\n",
    ),
    "concatenated docstring": (
        "'''Doc''' 'string.'\n\nimport sys\n",
        "'''Doc''' 'string.'\n\nimport sys\nfrom contextlib import aclosing\n",
    ),
    "under TYPE_CHECKING, below the imports": (
        "import typing\nif typing.TYPE_CHECKING:\n    from contextlib import aclosing\n",
        "import typing\nfrom contextlib import aclosing\n"
        "if typing.TYPE_CHECKING:\n    from contextlib import aclosing\n",
    ),
    "an optional import first": (
        "try:\n    import uvloop\nexcept ImportError:\n    uvloop = None\n\nimport sys\n",
        "try:\n    import uvloop\nexcept ImportError:\n    uvloop = None\n\nimport sys\n"
        "from contextlib import aclosing\n",
    ),
    "only an optional import": (
        "try:\n    import uvloop\nexcept ImportError:\n    uvloop = None\n",
        "from contextlib import aclosing\n\n"
        "try:\n    import uvloop\nexcept ImportError:\n    uvloop = None\n",
    ),
    "an import over a backslash": (
        "from collections import \\\n    abc\nfrom typing import Any\n",
        "from collections import \\\n    abc\nfrom contextlib import aclosing\n"
        "from typing import Any\n",
    ),
    "a relative module of that name": (
        "from .contextlib import suppress\n",
        "from contextlib import aclosing\n\nfrom .contextlib import suppress\n",
    ),
    "nothing in the file": ("", "from contextlib import aclosing\n"),
    "docstring": (
        '"""Doc."""\n',
        '"""Doc."""\n\nfrom contextlib import aclosing\n',
    ),
    "docstring and future": (
        '"""Doc."""\nfrom __future__ import annotations\n',
        '"""Doc."""\nfrom __future__ import annotations\n\nfrom contextlib import aclosing\n',
    ),
    "future and constants": (
        "from __future__ import annotations\n\n__all__ = []\n",
        "from __future__ import annotations\n\nfrom contextlib import aclosing\n\n__all__ = []\n",
    ),
    "constants above the imports": (
        '"""Doc."""\n\n__all__ = []\n\nimport asyncio\nfrom typing import Any\n',
        '"""Doc."""\n\n__all__ = []\n\nimport asyncio\nfrom contextlib import aclosing\n'
        "from typing import Any\n",
    ),
    "no blank line at all": ("x = 1\n", "from contextlib import aclosing\n\nx = 1\n"),
    "first lines": (
        "#!/usr/bin/env python\n# -*- coding: utf-8 -*-\n",
        "#!/usr/bin/env python\n# -*- coding: utf-8 -*-\n\nfrom contextlib import aclosing\n",
    ),
    "first lines and licence": (
        "#!/usr/bin/env python\n# Licence\n",
        "#!/usr/bin/env python\n# Licence\n\nfrom contextlib import aclosing\n",
    ),
    "plain imports first": (
        "import asyncio\nimport sys\n",
        "import asyncio\nimport sys\nfrom contextlib import aclosing\n",
    ),
    "in order among from-imports": (
        "import asyncio\nimport sys\nfrom collections import abc\nfrom typing import Any\n",
        "import asyncio\nimport sys\nfrom collections import abc\n"
        "from contextlib import aclosing\nfrom typing import Any\n",
    ),
    "last among from-imports": (
        "import sys\nfrom asyncio import sleep  # c\n\nimport httpx\n",
        "import sys\nfrom asyncio import sleep  # c\nfrom contextlib import aclosing\n\n"
        "import httpx\n",
    ),
    "file that interleaves a module and names from it": (
        "import errno\nfrom fnmatch import fnmatch\nimport os\nfrom os import SEEK_SET\n",
        "from contextlib import aclosing\nimport errno\nfrom fnmatch import fnmatch\nimport os\n"
        "from os import SEEK_SET\n",
    ),
    "file that interleaves": (
        "from asyncio import sleep\nimport collections\nfrom datetime import time\nimport sys\n",
        "from asyncio import sleep\nimport collections\nfrom contextlib import aclosing\n"
        "from datetime import time\nimport sys\n",
    ),
    "comment of the next import": (
        "from asyncio import sleep\n# for the clock\nfrom datetime import time\n",
        "from asyncio import sleep\nfrom contextlib import aclosing\n# for the clock\n"
        "from datetime import time\n",
    ),
    "heading of the group": (
        "# Licence\n\n# Standard library\nfrom datetime import time\n",
        "# Licence\n\n# Standard library\nfrom contextlib import aclosing\n"
        "from datetime import time\n",
    ),
    "licence right above the imports": (
        "# Licence\nfrom datetime import time\n",
        "# Licence\nfrom contextlib import aclosing\nfrom datetime import time\n",
    ),
    "third-party only": (
        '"""Doc."""\n\nimport httpx\n\nfrom . import x\n',
        '"""Doc."""\n\nfrom contextlib import aclosing\n\nimport httpx\n\nfrom . import x\n',
    ),
    "heading of another group": (
        '"""Doc."""\n\n# Third party\nimport httpx\n',
        '"""Doc."""\n\nfrom contextlib import aclosing\n\n# Third party\nimport httpx\n',
    ),
    "future and third-party": (
        "from __future__ import annotations\n\nimport httpx\n",
        "from __future__ import annotations\n\nfrom contextlib import aclosing\n\nimport httpx\n",
    ),
    "import over several lines": (
        "from collections.abc import (\n    A,\n    B,\n)  # end\nfrom typing import Any\n",
        "from collections.abc import (\n    A,\n    B,\n)  # end\n"
        "from contextlib import aclosing\nfrom typing import Any\n",
    ),
    "hidden from the interpreter": (
        "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n"
        "    from contextlib import aclosing, suppress\n",
        "from contextlib import aclosing\nfrom typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n"
        "    from contextlib import aclosing, suppress\n",
    ),
    "optional import": (
        "import os\n\nif os.name:\n    from contextlib import suppress\n",
        "import os\nfrom contextlib import aclosing\n\nif os.name:\n"
        "    from contextlib import suppress\n",
    ),
    "import below the definitions": (
        "def g():\n    pass\n\n\nimport os\n",
        "from contextlib import aclosing\n\n\ndef g():\n    pass\n\n\nimport os\n",
    ),
    "star": (
        "from contextlib import *\n",
        "from contextlib import *\nfrom contextlib import aclosing\n",
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_imported_where_isort_would(name: str) -> None:
    before, after = PAIRS[name]
    assert imported(before) == dedented(after)


@pytest.mark.parametrize("name", PAIRS)
def test_windows_newlines_survive(name: str) -> None:
    before = (dedented(PAIRS[name][0]) + LOOP).replace("\n", "\r\n")
    new = fixed(before, wraps)
    assert new.count("\n") == new.count("\r\n")
    assert new.replace("\r\n", "\n").startswith(dedented(PAIRS[name][1]))


def test_a_definition_keeps_two_blank_lines() -> None:
    for above in ("", '"""Doc."""\n', '"""Doc."""\n\n', "# c\n\n", "#!/x\n"):
        new = fixed(f"{above}{LOOP.lstrip()}", wraps)
        assert "from contextlib import aclosing\n\n\nasync def f" in new
        assert new.startswith(above.rstrip("\n"))
        assert not above or "\n\nfrom" in new
        assert "\n\n\nfrom" not in new


@pytest.mark.parametrize(
    ("head", "closer"),
    [
        ("from contextlib import aclosing", "aclosing"),
        ("from contextlib import aclosing as closing_async", "closing_async"),
        ("import contextlib", "contextlib.aclosing"),
        ("import contextlib as c", "c.aclosing"),
        ("import contextlib\nfrom contextlib import suppress", "contextlib.aclosing"),
        ("import contextlib\nfrom contextlib import aclosing", "aclosing"),
        # The name is taken, its module is not.
        ("import contextlib\naclosing = 1", "contextlib.aclosing"),
        ("import contextlib as c\nfrom mine import aclosing", "c.aclosing"),
        ("import os.path, contextlib", "contextlib.aclosing"),
        ("def g(): pass\nfrom contextlib import aclosing", "aclosing"),
        (
            "try:\n    from contextlib import aclosing\n"
            "except ImportError:\n    from async_generator import aclosing",
            "aclosing",
        ),
        (
            "try:\n    from contextlib import aclosing\n"
            "except ImportError:\n    class aclosing:\n        pass",
            "aclosing",
        ),
        (
            "import sys\nif sys.version_info >= (3, 10):\n    from contextlib import aclosing\n"
            "else:\n    from async_generator import aclosing",
            "aclosing",
        ),
    ],
)
def test_what_is_imported_already_is_used(head: str, closer: str) -> None:
    text = head + LOOP
    new = fixed(text, wraps)
    assert new.startswith(head + "\n\nasync def")
    assert f"async with {closer}(rows()) as rows_stream:" in new


@pytest.mark.parametrize(
    "head",
    [
        "aclosing = 1",
        "def aclosing(x): pass",
        "class aclosing: pass",
        "from mine import aclosing",
        "from .mine import thing as aclosing",
        "from contextlib import aclosing\naclosing = 2",
        "import mine as aclosing",
        "for aclosing in x: pass",
    ],
)
def test_no_fix_where_the_name_means_something_else(head: str) -> None:
    assert compiles(head)
    assert not fixes_of(head + LOOP, wraps)


@pytest.mark.parametrize(
    "function",
    [
        "async def f(aclosing):\n    async for x in rows(): break\n",
        "async def f():\n    async for x in rows(): break\n    aclosing = 1\n",
        "async def f():\n    async for x in rows(): break\n    from contextlib import aclosing\n",
        "def g(aclosing):\n    async def f():\n        async for x in rows(): break\n",
        "async def f():\n    if x:\n        from contextlib import aclosing\n"
        "    async for x in rows(): break\n",
    ],
)
def test_no_fix_where_the_function_means_something_else(function: str) -> None:
    assert not fixes_of(function, wraps)
    assert not fixes_of("from contextlib import aclosing\n" + function, wraps)


def test_a_functions_own_import_is_used() -> None:
    text = (
        "async def f():\n    from contextlib import aclosing\n"
        "    if x:\n        async for x in rows(): break\n"
    )
    assert fixed(text, wraps).count("import") == 1


@pytest.mark.parametrize(
    ("own", "closer"),
    [
        ("from contextlib import aclosing as ac", "ac"),
        ("import contextlib", "contextlib.aclosing"),
        ("import contextlib as c", "c.aclosing"),
    ],
)
def test_a_functions_own_import_is_used_by_its_name(own: str, closer: str) -> None:
    text = f"async def f():\n    {own}\n    async for x in rows(): break\n"
    new = fixed(text, wraps)
    assert new.startswith(text.partition("    async for")[0])
    assert f"async with {closer}(rows())" in new
    # It must have run by then.
    late = f"async def f():\n    async for x in rows(): break\n    {own}\n"
    assert fixed(late, wraps).startswith("from contextlib import aclosing\n")


def test_an_import_of_the_function_around_is_not_relied_on() -> None:
    text = (
        "def g():\n    from contextlib import aclosing\n"
        "    async def f():\n        async for x in rows(): break\n"
    )
    assert not fixes_of(text, wraps)


def test_a_shadowed_module_is_not_used() -> None:
    text = "import contextlib\n\n\nasync def f(contextlib):\n    async for x in rows(): break\n"
    assert "import contextlib\nfrom contextlib import aclosing\n" in fixed(text, wraps)


def test_a_class_attribute_of_that_name_does_not_matter() -> None:
    text = "class A:\n    aclosing = 1\n    async def f(self):\n        async for x in y(): break\n"
    assert "async with aclosing(y())" in fixed(text, wraps)
