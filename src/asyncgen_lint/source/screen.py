"""The text screen: can this file hold anything that a rule could report?

It reads text only, so that a file with nothing to do with async generators costs neither a
parse nor the import of libcst. It may say yes too often, and no wrongly in one case: a file without
any of the words below that misuses a generator of another module, as by `list(rows())`,
`await rows()` or `asyncio.run(rows())` (AGN105, 501, 502, 504 and 505; AGN511 in a response). Of
6,000 files of released packages 499 pass. Letting all files with an `async def` pass would add 988,
and 73 % to the lines parsed; sync files, which may say `list(rows())` too, would be all the rest.
Finding these takes a second test, of whether a file imports a module that has generators, which
text alone does not show. Such code raises whenever it is run, so that little of it stays.
"""

from __future__ import annotations

import re

# Every async generator that one module can show begins with an `async def` or with `async for`
# in a generator expression; anext() and aclose() of foreign generators need one of these too,
# except in a sync function, where `.aclose(` or `anext(` is written out. The decorator of async
# context managers may stand, by mistake, on a sync generator function.
_WORDS = re.compile(
    r"\basync\b(?=[\s\\]+(?:def|for|with))|\banext\b|\baclos(?:e|ing)\b|\basend\b|\bathrow\b"
    r"|\basynccontextmanager\b"
)
_GENERATOR_WORDS = re.compile(
    r"\byield\b|\basync[\s\\]+for\b|\banext\b|\baclos(?:e|ing)\b|\basend\b|\bathrow\b|__anext__|__aiter__"
    r"|\bAsync(?:Generator|Iterator|Iterable)\b|\basynccontextmanager\b"
    # `next` given to a thread, as a function or in a lambda.
    r"|\bnext[\s\\]*,|\blambda\s*:\s*next\b"
)


def may_matter(text: str) -> bool:
    """Return whether the text could hold an async generator, its consumer or its steps."""
    return _WORDS.search(text) is not None and _GENERATOR_WORDS.search(text) is not None
