"""Files that Python, libcst or a reader of text cannot take, and some that only look like it."""

from __future__ import annotations

from ways_in import LEFT_OPEN

# name: (bytes, what the command line says of it after AGN000, or None: AGN101 as ever)
DEEP = "nested "
BAD: dict[str, tuple[bytes, str | None]] = {
    "syntax_error": (LEFT_OPEN.encode() + b"def (:\n", "syntax error: "),
    "syntax_error_in_plain_text": (b"def (:\n", "syntax error: "),
    "unknown_encoding": (b"# coding: nope\n" + LEFT_OPEN.encode(), "cannot be read: unknown encod"),
    "no_text_encoding": (b"# coding: rot13\n" + LEFT_OPEN.encode(), "cannot be read: "),
    "not_utf8": (LEFT_OPEN.encode() + b"x = '\xff'\n", "cannot be read: "),
    "null_byte": (LEFT_OPEN.encode() + b"x = '\0'\n", "cannot be read: source code cannot contain"),
    "binary": (bytes(range(256)), "cannot be read: "),
    "utf_16": (LEFT_OPEN.encode("utf-16"), "cannot be read: "),
    "many_terms": ((LEFT_OPEN + "x = " + "1+" * 20_000 + "1\n").encode(), DEEP),
    "many_elifs": (
        (LEFT_OPEN + "if 0:\n    x = 0\n" + "elif x:\n    x = 1\n" * 900).encode(),
        None,
    ),
    "many_parentheses": ((LEFT_OPEN + "x = " + "(" * 1600 + "1" + ")" * 1600 + "\n").encode(), ""),
    "chained_calls": ((LEFT_OPEN + "x = f" + ".g()" * 200 + "\n").encode(), None),
    "nested_lists": ((LEFT_OPEN + "x = " + "[" * 90 + "]" * 90 + "\n").encode(), None),
    "crlf": (LEFT_OPEN.replace("\n", "\r\n").encode(), None),
    "byte_order_mark": (b"\xef\xbb\xbf" + LEFT_OPEN.encode(), None),
    "tabs": (LEFT_OPEN.replace("    ", "\t").encode(), None),
    "form_feeds": (LEFT_OPEN.replace("\n\n\n", "\n\x0c\n\x0c\n").encode(), None),
    "latin_1": (f"# coding: latin-1\n{LEFT_OPEN}# \xe9\n".encode("latin-1"), None),
    "no_last_newline": (LEFT_OPEN.rstrip().encode(), None),
    "only_the_compiler_refuses": (f"{LEFT_OPEN}return 1\nawait asyncio.sleep(0)\n".encode(), None),
}
EMPTY = {"empty": b"", "only_a_mark": b"\xef\xbb\xbf", "only_a_comment": b"# coding: latin-1"}
