"""Run one fixture's main() and print one JSON line with what happened.

Of a fixture of several files, its folder is told too, and the folders to import from: the
generators of all files in it are watched.

A script, not a module of the package: it runs in every interpreter that fixtures are run in, with
the standard library alone. `fixture_harness.py` starts it and judges what it prints.

Async generators are watched by wrapping `sys.set_asyncgen_hooks`. A loop replaces hooks that were
set before it runs, and hooks set inside it replace the loop's own; wrapped ones are recorded and
still call the loop's. Reported as left open is a generator of the fixture that

* was given to a finalizer hook, or was still suspended when its loop shut its generators down or
  when main() returned, and
* was suspended inside cleanup: at a `yield` where closing it has an effect.

Whether it was is read from the fixture's own syntax tree, so that fixtures need to keep no record.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import gc
import io
import json
import os
import site
import sys
import types
import warnings
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping

LOGGERS = {"log", "_log", "logger", "_logger", "logging", "LOG", "LOGGER", "warnings"}
"""Names whose methods only report: a `finally` that does nothing else is no cleanup."""

MAKES_A_CONTAINER = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
CONTAINERS = {"list", "dict", "set", "deque", "Counter", "defaultdict"}

BASE_EXCEPTIONS = {"BaseException", "GeneratorExit"}
"""What a handler must name to see the GeneratorExit of a close."""

Function = (ast.FunctionDef, ast.AsyncFunctionDef)
Scope = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


class Cleanups:
    """Answers for one file: is the yield at this line of this function inside cleanup?"""

    def __init__(self, tree: ast.Module) -> None:
        self.functions = [node for node in ast.walk(tree) if isinstance(node, Function)]
        self.classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
        self.by_name = {node.name: node for node in tree.body if isinstance(node, Function)}

    def covers(self, code: types.CodeType, line: int) -> bool:
        """Return whether the yield at `line` of the function that has `code` is inside cleanup."""
        return any(
            inside
            for function in self.functions
            if function.name == code.co_name and first_line(function) == code.co_firstlineno
            for node, inside in self.yields(function)
            if node.lineno <= line <= (node.end_lineno or node.lineno)
        )

    def yields(self, function: ast.AST) -> Iterator[tuple[ast.Yield, bool]]:
        """Yield the function's own yields, each with whether it is inside cleanup."""
        local = local_containers(function)
        for statement in function.body:  # type: ignore[attr-defined]
            yield from self.below(statement, False, local)

    def below(
        self, node: ast.AST, inside: bool, local: set[str]
    ) -> Iterator[tuple[ast.Yield, bool]]:
        if isinstance(node, ast.Yield):
            yield node, inside
        if isinstance(node, Scope):
            return
        for child, child_inside in self.children(node, inside, local):
            yield from self.below(child, child_inside, local)

    def children(
        self, node: ast.AST, inside: bool, local: set[str]
    ) -> Iterator[tuple[ast.AST, bool]]:
        if node.__class__.__name__ in ("Try", "TryStar"):
            final = inside or has_effect(node.finalbody, local)  # type: ignore[attr-defined]
            handlers = node.handlers  # type: ignore[attr-defined]
            caught = final or any(
                sees_a_close(handler) and has_effect(handler.body, local) for handler in handlers
            )
            yield from ((each, caught) for each in node.body)  # type: ignore[attr-defined]
            yield from ((each, final) for each in handlers)
            yield from ((each, final) for each in node.orelse)  # type: ignore[attr-defined]
            yield from ((each, inside) for each in node.finalbody)  # type: ignore[attr-defined]
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            yield from ((each, inside) for each in node.items)
            within = inside or any(self.manages(item.context_expr) for item in node.items)
            yield from ((each, within) for each in node.body)
        else:
            yield from ((each, inside) for each in ast.iter_child_nodes(node))

    def manages(self, manager: ast.expr) -> bool:
        """Return whether leaving a `with` on this manager has an effect, as far as can be seen."""
        if not isinstance(manager, ast.Call):
            return True
        name = last_name(manager.func)
        if name == "nullcontext":
            return False
        if name == "suppress":
            return any(last_name(each) in BASE_EXCEPTIONS for each in manager.args)
        if isinstance(manager.func, ast.Name) and name in self.by_name:
            return self.cleans_up(self.by_name[name])
        if isinstance(manager.func, ast.Name) and name in self.classes:
            exits = (each for each in self.classes[name].body if isinstance(each, Function))
            return any(
                has_effect(each.body, set())
                for each in exits
                if each.name in ("__exit__", "__aexit__")
            )
        return True

    def cleans_up(self, function: ast.AST) -> bool:
        """Return whether a context manager function does anything once its body is left."""
        if any(inside for _, inside in self.yields(function)):
            return True
        last = function.body[-1]  # type: ignore[attr-defined]
        return not any(isinstance(node, ast.Yield) for node in ast.walk(last))


def first_line(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return min([function.lineno, *(each.lineno for each in function.decorator_list)])


def last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def sees_a_close(handler: ast.ExceptHandler) -> bool:
    caught = handler.type
    if caught is None:
        return True
    types_caught = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(last_name(each) in BASE_EXCEPTIONS for each in types_caught)


def local_containers(function: ast.AST) -> set[str]:
    """Return the locals that only ever hold containers made in this very function."""
    made: set[str] = set()
    other: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.arg):
            other.add(node.arg)
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            other.update(node.names)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            value = node.value
            makes = isinstance(value, MAKES_A_CONTAINER) or (
                isinstance(value, ast.Call) and last_name(value.func) in CONTAINERS
            )
            (made if makes else other).update(
                each.id for each in targets if isinstance(each, ast.Name)
            )
    return made - other


def has_effect(statements: Iterable[ast.stmt], local: set[str]) -> bool:
    return any(statement_has_effect(each, local) for each in statements)


def statement_has_effect(statement: ast.stmt, local: set[str]) -> bool:
    """Return whether anybody outside the function can see that this statement ran."""
    return any(node_has_effect(node, local) for node in ast.walk(statement))


def node_has_effect(node: ast.AST, local: set[str]) -> bool:
    if isinstance(node, (ast.Assign, ast.Delete)):
        return not all(is_local_target(each, local) for each in node.targets)
    if isinstance(node, (ast.AnnAssign, ast.AugAssign)):
        return not is_local_target(node.target, local)
    if isinstance(node, ast.Call):
        return not is_harmless_call(node, local)
    return isinstance(
        node, (ast.With, ast.AsyncWith, ast.AsyncFor, ast.Await, ast.Yield, ast.YieldFrom)
    )


def is_local_target(target: ast.expr, local: set[str]) -> bool:
    if isinstance(target, ast.Subscript):
        return isinstance(target.value, ast.Name) and target.value.id in local
    return isinstance(target, ast.Name)


def is_harmless_call(call: ast.Call, local: set[str]) -> bool:
    if isinstance(call.func, ast.Attribute):
        owner = call.func.value
        return last_name(owner) in LOGGERS or (isinstance(owner, ast.Name) and owner.id in local)
    return last_name(call.func) in {"len", "print", "str", "repr", "isinstance"}


class Watch:
    """Keeps an eye on the async generators of a fixture without keeping any of them alive."""

    def __init__(self, cleanups: Mapping[str, Cleanups]) -> None:
        self.cleanups = cleanups
        self.left_open: list[dict[str, object]] = []
        self.started: list[weakref.ref[types.AsyncGeneratorType]] = []
        self.counted: set[int] = set()
        self.own_hooks: dict[int, object] = {}

    def install(self) -> None:
        """Wrap the hooks of every loop to come."""
        set_hooks = sys.set_asyncgen_hooks

        def set_wrapped(*args: object, **kwargs: object) -> None:
            names = dict(zip(("firstiter", "finalizer"), args, strict=False), **kwargs)
            wraps = {"firstiter": self.wrap_firstiter, "finalizer": self.wrap_finalizer}
            set_hooks(**{name: wraps[name](hook) for name, hook in names.items()})

        sys.set_asyncgen_hooks = set_wrapped
        set_wrapped(firstiter=None)
        shutdown = asyncio.base_events.BaseEventLoop.shutdown_asyncgens

        async def shutdown_asyncgens(loop: asyncio.AbstractEventLoop) -> None:
            self.count_suspended("open when its loop shut down")
            await shutdown(loop)

        asyncio.base_events.BaseEventLoop.shutdown_asyncgens = shutdown_asyncgens

    def wrap_firstiter(self, hook: Callable[..., object] | None) -> Callable[..., object]:
        def firstiter(agen: types.AsyncGeneratorType) -> None:
            self.counted.discard(id(agen))
            self.started.append(weakref.ref(agen))
            if hook is not None:
                hook(agen)

        return self.wrapped(hook, firstiter)

    def wrap_finalizer(self, hook: Callable[..., object] | None) -> Callable[..., object] | None:
        # Without a hook CPython closes the generator itself: leave that as it is.
        if hook is None:
            return None

        def finalizer(agen: types.AsyncGeneratorType) -> None:
            self.count(agen, "dropped")
            hook(agen)

        return self.wrapped(hook, finalizer)

    def wrapped(self, hook: object, wrapper: Callable[..., object]) -> Callable[..., object]:
        # A loop puts back, when it ends, what it found: our own wrapper, not to be wrapped again.
        if id(hook) in self.own_hooks:
            return hook  # type: ignore[return-value]
        self.own_hooks[id(wrapper)] = wrapper
        return wrapper

    def count_suspended(self, how: str) -> None:
        for reference in self.started:
            agen = reference()
            if agen is not None:
                self.count(agen, how)
                del agen

    def count(self, agen: types.AsyncGeneratorType, how: str) -> None:
        if id(agen) in self.counted or not self.needs_close(agen):
            return
        self.counted.add(id(agen))
        code, line = agen.ag_code, agen.ag_frame.f_lineno
        # One that is in no cleanup itself only holds another one, which will be seen too.
        holds = not self.cleanups[code.co_filename].covers(code, line)
        self.left_open.append({"name": code.co_name, "line": line, "how": how, "holds": holds})

    def needs_close(self, agen: object) -> bool:
        """Return whether closing this generator, as it is suspended now, has an effect."""
        if isinstance(agen, types.AsyncGeneratorType):
            frame, code, running = agen.ag_frame, agen.ag_code, agen.ag_running
        elif isinstance(agen, types.GeneratorType):
            frame, code, running = agen.gi_frame, agen.gi_code, agen.gi_running
        else:
            return False
        if frame is None or running or code.co_filename not in self.cleanups:
            return False
        if self.cleanups[code.co_filename].covers(code, frame.f_lineno):
            return True
        return any(self.needs_close(inner) for inner in held_alone_by(agen, frame))


def held_alone_by(agen: object, frame: types.FrameType) -> list[object]:
    """Return the generators that nothing but this one holds, in a local or on its stack."""
    inner = [
        each
        for each in {id(each): each for each in gc.get_referents(agen, frame)}.values()
        if each is not agen and isinstance(each, (types.AsyncGeneratorType, types.GeneratorType))
    ]
    holders = {id(agen), id(frame), id(inner), id(sys._getframe())}
    return [
        each
        for each in inner
        if all(
            id(holder) in holders or isinstance(holder, types.FrameType)
            for holder in gc.get_referrers(each)
        )
    ]


def names_of(error: BaseException) -> list[str]:
    return [each.__name__ for each in type(error).__mro__]


def cleanups_below(folder: str) -> Iterator[tuple[str, Cleanups]]:
    """Yield each Python file below a folder with what is known of its functions."""
    for above, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(above, name)
            if name.endswith(".py"):
                with open(path, encoding="utf-8") as file, contextlib.suppress(SyntaxError):
                    yield path, Cleanups(ast.parse(file.read()))


def run(path: str, folder: str = "", import_from: Iterable[str] = ()) -> dict[str, object]:
    """Run the file's main() and return what happened, ready for JSON."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    outcome: dict[str, object] = {
        "stage": "compile",
        "raised": None,
        "message": "",
        "stdout": "",
        "warnings": [],
        "left_open": [],
    }
    seen: list[str] = []
    warnings.simplefilter("always")
    warnings.showwarning = lambda message, category, *rest, **more: seen.append(category.__name__)
    watch = None
    with contextlib.redirect_stdout(io.StringIO()) as stdout:
        try:
            code = compile(text, path, "exec", dont_inherit=True)
            outcome["stage"] = "import"
            sys.path.insert(0, os.path.dirname(path))
            for each in import_from:
                site.addsitedir(each)
            module = types.ModuleType("fixture")
            module.__file__ = path
            sys.modules["fixture"] = module
            watch = Watch({path: Cleanups(ast.parse(text)), **dict(cleanups_below(folder))})
            watch.install()
            exec(code, module.__dict__)
            outcome["stage"] = "main"
            module.main()
            outcome["stage"] = "done"
        except BaseException as error:
            outcome["raised"] = names_of(error)
            outcome["message"] = str(error)
        if watch is not None:
            watch.count_suspended("open when main() returned")
            gc.collect()
            outcome["left_open"] = watch.left_open
    outcome["stdout"] = stdout.getvalue()
    outcome["warnings"] = seen
    return outcome


if __name__ == "__main__":
    program, folder, import_from = sys.argv[1], "".join(sys.argv[2:3]), sys.argv[3:]
    print(json.dumps(run(os.path.abspath(program), folder, import_from)))
    sys.stdout.flush()
    # A fixture may have left a thread that never ends; nothing of the interpreter is needed now.
    os._exit(0)
