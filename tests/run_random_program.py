"""Decide by execution which generators of a small program are left open.

A script of the standard library alone, started once per interpreter by `random_programs.py`: it
reads one JSON request a line, `{"text": ..., "depth": 2}`, and answers each with one JSON line.

The program imports `choose`, `length`, `release`, `undo`, `work` and `register` from a module
`world` that is made here, and raises nothing but its own `Boom`, or LookupError. Each `choose(n)`
is a branch condition; a scenario says which of them, on which visit, says yes, all others say no;
`await work(n)` raises when the answer is yes, and `length()`, how many items a source has, is then
6 instead of 2. Scenarios are found by running: from the all-no run, every answer that was given is
flipped in turn, to `depth` yes answers, on the first `visits` visits of each. What needs more of
them is looked for at random: with `tries`, so many scenarios are run that say yes at each turn as
a coin falls, until each of the sites in `wanted` was left open by one.

Every coroutine function without parameters that makes generators is run; every async generator
function is closed at each of its yields in turn, because what a delegating generator leaves open
does not depend on who uses it. There is no event loop: what happens to a dropped generator is
decided by CPython and its hooks, which a loop only fills in.

The program runs with marks added to its syntax tree, which change no lifetime:

* `_site(position, object)` around whatever may make a generator: who made it, and where;
* `_escape(object)` around what is put in a container or an attribute, returned, yielded, captured
  or passed to a function that is not of this program: such an object is nobody's leak;
* `_exit` before `break`, `return`, `raise` and a lone `await`: which of them were reached at all;
* `_caught` in handlers and around function bodies: an exception that came from a callee makes all
  that its function leaves open the work of an implicit exit, which default rules do not count.

A generator is left open when its finalizer hook fires, or when it is still suspended after the run
though nobody but its maker could have it. It counts when closing it then has an effect: something
of the `world` is called, by it or by a generator that it held.
"""

from __future__ import annotations

import ast
import contextlib
import gc
import json
import random
import signal
import sys
import types
import weakref
from collections.abc import Callable, Container, Iterable, Iterator

RUNS_PER_ENTRY = 800
LONGEST_RUN = 0.5
"""Seconds of this process; a loop may have nothing in it that asks for an answer."""
MOST_FAULTS = 60
ANSWERS_PER_RUN = 2000
MOST_STEPS = 12

HARMLESS_CALLEES = {
    "aclosing",
    "Closer",
    "anext",
    "aiter",
    "suppress",
    "nullcontext",
    "isinstance",
    "print",
}
"""What takes a generator and does not keep it."""

MAKERS = {"anext", "aiter", "aclosing"}

STEPPING_METHODS = {"aclose", "asend", "athrow", "__anext__", "__aiter__"}

# Verdicts, from weak to strong: the strongest of all runs is a site's verdict.
CLOSED = "closed"
HARMLESS = "left open where closing it has no effect"
IMPLICIT = "left open by an implicit exit"
LEAKED = "leaked"
STRENGTH = [CLOSED, HARMLESS, IMPLICIT, LEAKED]


class Endless(BaseException):
    """The run asked for too many answers."""


class Fault(Exception):
    """An ordinary call raised."""


class Cancelled(BaseException):
    """The task was cancelled at an await."""


class Coins:
    """A scenario in which a coin decides each answer; the same seed gives the same one."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.odds = random.Random(f"odds {seed}").choice((0.2, 0.5, 0.8))

    def __contains__(self, answer: object) -> bool:
        return random.Random(f"{self.seed} {answer}").random() < self.odds


class Run:
    """One run of one scenario: the answers given, and what became of each generator."""

    def __init__(
        self,
        yes: Container[tuple[int, int]],
        needing: set[str],
        fault: int = 0,
        cancelled: int = 0,
    ) -> None:
        self.yes = yes
        self.fault = fault
        self.cancelled = cancelled
        self.calls = 0
        self.pauses = 0
        self.failed_at = (0, 0)
        self.needing = needing
        self.answered: list[tuple[int, int]] = []
        self.visits: dict[int, int] = {}
        self.effects = 0
        self.sites: dict[int, tuple[str, int]] = {}
        self.alive: dict[int, weakref.ref[types.AsyncGeneratorType]] = {}
        self.escaped: set[int] = set()
        self.activations = 0
        self.foreign: set[int] = set()
        self.left_open: list[tuple[str, int, bool, set[str]]] = []
        self.made: set[str] = set()
        self.is_over = False

    # What programs call

    def choose(self, number: int) -> bool:
        self.effects += 1
        visit = self.visits[number] = self.visits.get(number, 0) + 1
        if len(self.answered) >= ANSWERS_PER_RUN:
            self.is_over = True
            raise Endless
        self.answered.append((number, visit))
        return (number, visit) in self.yes

    def undo(self, *_: object) -> None:
        self.effects += 1

    def is_cancelled_now(self) -> bool:
        if self.pauses != self.cancelled or not self.cancelled:
            return False
        self.cancelled = 0
        self.failed_at = (self.calls, self.pauses)
        return True

    # What the marks call

    def may_raise(self) -> None:
        self.calls += 1
        if self.calls == self.fault:
            self.failed_at = (self.calls, self.pauses)
            raise Fault

    def enter(self) -> int:
        self.activations += 1
        return self.activations

    def site(self, position: str, activation: int, made: object) -> object:
        if not isinstance(made, types.AsyncGeneratorType) or made.ag_frame is None:
            return made
        known = self.alive.get(id(made))
        # One that a helper returned now belongs to who called the helper.
        if known is None or known() is not made or id(made) in self.escaped:
            self.made.add(position)
            self.sites[id(made)] = (position, activation)
            self.alive[id(made)] = weakref.ref(made)
            self.escaped.discard(id(made))
        return made

    def escape(self, value: object) -> object:
        if isinstance(value, types.AsyncGeneratorType) and id(value) not in self.escaped:
            self.escaped.add(id(value))
            # Who has it decides about what it holds.
            if value.ag_frame is not None:
                for held in gc.get_referents(value, value.ag_frame):
                    self.escape(held)
        return value

    # What becomes of generators

    def drop(self, agen: types.AsyncGeneratorType) -> None:
        """Close a generator that was left open, and note what that did."""
        before = self.effects
        name, functions = name_of(agen), functions_of(agen)
        site = self.sites.pop(id(agen), None)
        escaped = id(agen) in self.escaped
        self.escaped.discard(id(agen))
        with contextlib.suppress(BaseException):
            drive(agen.aclose())
        effect = self.effects > before
        if effect:
            self.needing.add(name)
        # What the end of an endless run leaves open says nothing; what was left before does.
        if site is not None and not escaped and not self.is_over:
            self.left_open.append((*site, effect, functions))

    def drop_the_rest(self) -> None:
        for reference in list(self.alive.values()):
            agen = reference()
            if agen is not None and agen.ag_frame is not None and agen in STARTED:
                self.drop(agen)
            del agen


def name_of(agen: types.AsyncGeneratorType) -> str:
    return f"{agen.ag_code.co_name}:{agen.ag_code.co_firstlineno}"


def functions_of(agen: types.AsyncGeneratorType) -> set[str]:
    """Name the function of a generator and those of all generators that it holds."""
    names = {name_of(agen)}
    for held in gc.get_referents(agen, agen.ag_frame):
        if isinstance(held, types.AsyncGeneratorType) and held.ag_frame and held is not agen:
            names |= functions_of(held)
    return names


STARTED: weakref.WeakSet[types.AsyncGeneratorType] = weakref.WeakSet()


def drive(coroutine: object, run: Run | None = None) -> None:
    """Run a coroutine to its end; nothing it awaits needs an answer, but `run` may cancel it."""
    try:
        while True:
            if run is not None and run.is_cancelled_now():
                coroutine.throw(Cancelled())  # type: ignore[attr-defined]
            else:
                coroutine.send(None)  # type: ignore[attr-defined]
            if run is not None:
                run.pauses += 1
    except (StopIteration, StopAsyncIteration):
        pass


@types.coroutine
def pause() -> Iterator[None]:
    yield


class Marks(ast.NodeTransformer):
    """Adds the marks to a program."""

    def __init__(self, tree: ast.Module) -> None:
        self.functions = {
            node.name: node
            for node in tree.body
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        }
        self.depth = 0
        self.in_closer = False

    # Who makes generators

    def visit_Call(self, node: ast.Call) -> ast.AST:
        callee = node.func.id if isinstance(node.func, ast.Name) else ""
        if isinstance(node.func, ast.Attribute):
            keeps = node.func.attr not in STEPPING_METHODS
        else:
            keeps = callee not in self.functions and callee not in HARMLESS_CALLEES
        place = position(node)
        self.generic_visit(node)
        if keeps:
            node.args = [escaping(each) for each in node.args]
            for keyword in node.keywords:
                keyword.value = escaping(keyword.value)
        return self.site(place, node) if self.depth else node

    def visit_Await(self, node: ast.Await) -> ast.AST:
        place = position(node.value)
        self.generic_visit(node)
        return self.site(place, node) if self.depth else node

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> ast.AST:
        # The linter points behind the parenthesis.
        place = f"{node.lineno}:{node.col_offset + 1}"
        self.generic_visit(node)
        return self.site(place, node) if self.depth else node

    def site(self, place: str, node: ast.expr) -> ast.Call:
        # The first argument is evaluated first: the call raises before it does anything.
        may_raise = mark("_may_raise") if self.runs_something(node) else ast.Constant(None)
        act = ast.Name("_act", ast.Load())
        return mark("_site", may_raise, ast.Constant(place), act, node)

    def runs_something(self, node: ast.expr) -> bool:
        """Return whether this is a call that does more than make a coroutine or a generator."""
        if not isinstance(node, ast.Call):
            return False
        if isinstance(node.func, ast.Attribute):
            return node.func.attr not in STEPPING_METHODS
        callee = node.func.id if isinstance(node.func, ast.Name) else ""
        return callee not in MAKERS and not isinstance(
            self.functions.get(callee), ast.AsyncFunctionDef
        )

    # Where generators go

    def visit_List(self, node: ast.List) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.ctx, ast.Load):
            node.elts = [escaping(each) for each in node.elts]
        return node

    def visit_Tuple(self, node: ast.Tuple) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.ctx, ast.Load):
            node.elts = [escaping(each) for each in node.elts]
        return node

    def visit_Set(self, node: ast.Set) -> ast.AST:
        self.generic_visit(node)
        node.elts = [escaping(each) for each in node.elts]
        return node

    def visit_Dict(self, node: ast.Dict) -> ast.AST:
        self.generic_visit(node)
        node.values = [escaping(each) for each in node.values]
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        self.in_closer = any(getattr(each, "name", "") == "__aexit__" for each in node.body)
        self.generic_visit(node)
        self.in_closer = False
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        if isinstance(node.value, ast.Tuple) and isinstance(node.targets[0], ast.Tuple):
            # Unpacked at once: nothing is kept in a container.
            node.value.elts = [self.visit(each) for each in node.value.elts]
            return node
        self.generic_visit(node)
        is_kept = any(isinstance(each, (ast.Attribute, ast.Subscript)) for each in node.targets)
        if is_kept and not self.in_closer:
            node.value = escaping(node.value)
        return node

    def visit_Return(self, node: ast.Return) -> list[ast.stmt]:
        self.generic_visit(node)
        if node.value is not None:
            node.value = escaping(node.value)
        return self.leaving(node)

    # Exits that were taken

    def leaving(self, node: ast.stmt) -> list[ast.stmt]:
        return [ast.Expr(mark("_exit", ast.Constant(node.lineno))), node]

    def visit_Expr(self, node: ast.Expr) -> list[ast.stmt] | ast.stmt:
        self.generic_visit(node)
        return self.leaving(node) if isinstance(node.value, ast.Await) else node

    def visit_Break(self, node: ast.Break) -> list[ast.stmt]:
        return self.leaving(node)

    def visit_Raise(self, node: ast.Raise) -> list[ast.stmt]:
        self.generic_visit(node)
        return self.leaving(node)

    def visit_Yield(self, node: ast.Yield) -> ast.AST:
        self.generic_visit(node)
        if node.value is not None:
            node.value = escaping(node.value)
        return node

    # Exceptions and captures

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        self.generic_visit(node)
        if self.depth:
            node.body.insert(0, ast.Expr(mark("_caught", ast.Name("_act", ast.Load()))))
        return node

    def visit_With(self, node: ast.With) -> ast.AST:
        return self.seen_by_manager(node)

    def visit_AsyncWith(self, node: ast.AsyncWith) -> ast.AST:
        return self.seen_by_manager(node)

    def seen_by_manager(self, node: ast.With | ast.AsyncWith) -> ast.AST:
        # A manager may swallow an exception, so that no handler sees it.
        self.generic_visit(node)
        if self.depth:
            node.body = [guarded(node.body)]
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        captured = [mark("_escape", ast.Name(name, ast.Load())) for name in captures(node)]
        return ast.Subscript(
            ast.Tuple([*captured, node], ast.Load()), ast.Constant(len(captured)), ast.Load()
        )

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self.function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self.function(node)

    def is_free(self, function: ast.AsyncFunctionDef) -> bool:
        """Return whether a function gets nothing but an object that keeps nothing."""
        names = [each.arg for each in function.args.args]
        return not function.args.vararg and (
            not names or (names == ["self"] and not self.in_closer)
        )

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST | list[ast.stmt]:
        self.depth += 1
        captured = captures(node)
        body = [self.visit(each) for each in node.body]
        flat: list[ast.stmt] = []
        for each in body:
            flat.extend(each if isinstance(each, list) else [each])
        self.depth -= 1
        enter = ast.Assign([ast.Name("_act", ast.Store())], mark("_enter"))
        if isinstance(node, ast.AsyncFunctionDef) and self.is_free(node):
            flat.insert(0, ast.Expr(ast.Await(mark("_pause"))))
        node.body = [enter, guarded(flat)]
        if not self.depth:
            return node
        return [*map(escape_if_bound, captured), node]


def guarded(body: list[ast.stmt]) -> ast.stmt:
    caught = ast.Expr(mark("_caught", ast.Name("_act", ast.Load())))
    guard = ast.ExceptHandler(ast.Name("BaseException", ast.Load()), None, [caught, ast.Raise()])
    return ast.Try(body, [guard], [], [])


def captures(function: ast.AST) -> list[str]:
    """Return the names that a function mentions."""
    return sorted({each.id for each in ast.walk(function) if isinstance(each, ast.Name)})


def escape_if_bound(name: str) -> ast.stmt:
    ignore = ast.ExceptHandler(ast.Name("NameError", ast.Load()), None, [ast.Pass()])
    return ast.Try([ast.Expr(mark("_escape", ast.Name(name, ast.Load())))], [ignore], [], [])


def mark(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])


def escaping(value: ast.expr) -> ast.expr:
    """Mark what may be a generator."""
    if isinstance(value, ast.IfExp):
        return ast.IfExp(value.test, escaping(value.body), escaping(value.orelse))
    if isinstance(value, (ast.Name, ast.Call, ast.NamedExpr)):
        return mark("_escape", value)
    return value


def position(node: ast.expr) -> str:
    return f"{node.lineno}:{node.col_offset}"


class Program:
    """A program, compiled with its marks, and the runs of it."""

    def __init__(self, text: str) -> None:
        tree = ast.parse(text)
        self.entries = list(entries(tree))
        marks = Marks(tree)
        marked = ast.fix_missing_locations(marks.visit(tree))
        self.code = compile(marked, "<program>", "exec", dont_inherit=True)
        self.run = Run(frozenset(), set())
        self.needing: set[str] = set()
        self.is_broken = False
        self.longest = 0
        self.may_be_empty = False
        self.may_fail = False
        self.exits: set[int] = set()
        world = types.ModuleType("world")
        world.__dict__.update(
            choose=lambda number: self.run.choose(number),
            length=self.length,
            undo=lambda *arguments: self.run.undo(*arguments),
            release=self.release,
            work=self.work,
            register=lambda *_: None,
        )
        sys.modules["world"] = world
        self.names = {
            "__name__": "program",
            "_enter": lambda: self.run.enter(),
            "_may_raise": lambda: self.run.may_raise(),
            "_pause": self.pause,
            "_site": lambda _, place, activation, made: self.run.site(place, activation, made),
            "_escape": lambda value: self.run.escape(value),
            "_caught": Caught(self),
            "_exit": lambda line: self.exits.add(line),
        }
        sys.unraisablehook = self.unraisable
        exec(self.code, self.names)

    def length(self) -> int:
        if self.may_be_empty and self.run.choose(-1):
            return 0
        return 6 if self.run.choose(0) else 2

    def unraisable(self, failure: object) -> None:
        self.is_broken = True

    async def pause(self) -> None:
        if self.may_fail:
            await pause()

    async def release(self, *_: object) -> None:
        await pause()
        self.run.undo()

    async def work(self, number: int) -> None:
        await pause()
        if self.run.choose(number):
            raise self.names.get("Boom", LookupError)

    def verdicts(
        self, depth: int, visits: int, tries: int = 0, wanted: Iterable[str] = ()
    ) -> dict[str, str]:
        """Return the strongest verdict on each site over all scenarios."""
        strongest: dict[str, str] = {}
        runs: list[Run] = []
        for name, is_stepped in self.entries:
            if not is_stepped:
                runs += self.explore(name, 0, depth, visits)
                continue
            for steps in range(1, MOST_STEPS):
                self.longest = 0
                runs += self.explore(name, steps, depth, visits)
                if self.longest < steps:
                    break
        runs += self.try_at_random(tries, runs, set(wanted))
        for run in runs:
            for place, verdict in [*self.judged(run), *((place, CLOSED) for place in run.made)]:
                if STRENGTH.index(verdict) >= STRENGTH.index(strongest.get(place, CLOSED)):
                    strongest[place] = verdict
        self.runs = len(runs)
        return strongest

    def judged(self, run: Run) -> Iterator[tuple[str, str]]:
        # Not before all runs: whether a generator ever needs closing is known only then.
        for place, activation, effect, functions in run.left_open:
            if effect:
                yield place, IMPLICIT if activation in run.foreign else LEAKED
            elif functions & self.needing:
                yield place, HARMLESS

    def explore(self, name: str, steps: int, depth: int, visits: int) -> Iterator[Run]:
        """Run one entry over its scenarios, each found by flipping an answer of another one.

        If it may fail, each is run again for every call in it, which then raises, and for every
        await at which it suspends, where it is then cancelled.
        """
        todo = [(frozenset(), -1)]
        runs = 0
        while todo and runs < RUNS_PER_ENTRY:
            yes, flipped = todo.pop(0)
            runs += 1
            run = self.once(name, steps, yes)
            yield run
            if self.may_fail:
                for place in range(1, min(run.calls, MOST_FAULTS) + 1):
                    yield self.once(name, steps, yes, fault=place)
                for place in range(1, min(run.pauses, MOST_FAULTS) + 1):
                    yield self.once(name, steps, yes, cancelled=place)
            if len(yes) < depth:
                for index, answer in enumerate(run.answered):
                    if index > flipped and answer[1] <= visits:
                        todo.append((yes | {answer}, index))

    def try_at_random(self, tries: int, runs: list[Run], wanted: set[str]) -> list[Run]:
        """Run scenarios drawn at random until each wanted site was left open by one."""
        for run in runs:
            wanted -= {place for place, _ in self.judged(run)}
        tried: list[Run] = []
        for seed in range(tries):
            if not wanted:
                break
            draw = random.Random(seed)
            name, is_stepped = draw.choice(self.entries)
            steps = draw.randrange(1, MOST_STEPS) if is_stepped else 0
            found = [self.once(name, steps, Coins(seed))]
            if self.may_fail:
                fault, cancelled = failure(draw, (0, 0), found[-1])
                found.append(self.once(name, steps, Coins(seed), fault, cancelled))
                # What handles the first failure may fail in turn.
                again = failure(draw, found[-1].failed_at, found[-1])
                fault, cancelled = fault or again[0], cancelled or again[1]
                found.append(self.once(name, steps, Coins(seed), fault, cancelled))
            for run in found:
                wanted -= {place for place, _ in self.judged(run)}
            tried += found
        return tried

    def once(
        self,
        name: str,
        steps: int,
        yes: Container[tuple[int, int]],
        fault: int = 0,
        cancelled: int = 0,
    ) -> Run:
        run = self.run = Run(yes, self.needing, fault, cancelled)
        sys.set_asyncgen_hooks(firstiter=STARTED.add, finalizer=lambda agen: self.run.drop(agen))
        try:
            signal.setitimer(signal.ITIMER_VIRTUAL, LONGEST_RUN, LONGEST_RUN)
            if steps:
                self.step(self.names[name], steps)
            else:
                drive(self.names[name](), run)
        except BaseException:
            pass
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        run.drop_the_rest()
        for kept in self.names.values():
            if isinstance(kept, list):
                kept.clear()
        return run

    def step(self, function: Callable[[], types.AsyncGeneratorType], steps: int) -> None:
        agen = function()
        for _ in range(steps):
            drive(agen.__anext__(), self.run)
            if agen.ag_frame is None:
                return
        self.longest = max(self.longest, steps)
        name = name_of(agen)
        before = self.run.effects
        try:
            drive(agen.aclose())
        finally:
            if self.run.effects > before:
                self.needing.add(name)


def failure(draw: random.Random, after: tuple[int, int], run: Run) -> tuple[int, int]:
    """Return a call of a run that is to raise, or an await that is to be cancelled; else zeros."""
    calls, pauses = range(after[0] + 1, run.calls + 1), range(after[1] + 1, run.pauses + 1)
    if calls and (not pauses or draw.random() < 0.5):
        return draw.choice(calls), 0
    return 0, draw.choice(pauses) if pauses else 0


class Caught:
    """`_caught` as programs call it: an object, so that the frame above it is the program's."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def __call__(self, activation: int) -> None:
        kind, _, trace = sys.exc_info()
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        here = sys._getframe(1)
        if kind is GeneratorExit or (
            kind is not None
            and kind.__name__ in ("Boom", "LookupError")
            and trace is not None
            and trace.tb_frame is here
        ):
            return
        if kind in (NameError, TypeError):
            self.program.is_broken = True
        self.program.run.foreign.add(activation)


def entries(tree: ast.Module) -> Iterator[tuple[str, bool]]:
    """Yield each function to be run, and whether it is a generator, to be stepped."""
    for node in tree.body:
        if not isinstance(node, ast.AsyncFunctionDef) or node.decorator_list:
            continue
        if node.args.args or node.args.posonlyargs or node.args.kwonlyargs:
            continue
        if not is_generator(node) and not makes_generators(node):
            continue
        yield node.name, is_generator(node)


def makes_generators(function: ast.AsyncFunctionDef) -> bool:
    return any(isinstance(node, (ast.Call, ast.GeneratorExp)) for node in ast.walk(function))


def is_generator(function: ast.AsyncFunctionDef) -> bool:
    todo: list[ast.AST] = list(function.body)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Yield):
            return True
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            todo.extend(ast.iter_child_nodes(node))
    return False


def answer(request: dict[str, object]) -> dict[str, object]:
    try:
        program = Program(str(request["text"]))
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}
    program.may_be_empty = bool(request.get("may_be_empty"))
    program.may_fail = bool(request.get("may_fail"))
    verdicts = program.verdicts(
        int(request.get("depth", 2)),
        int(request.get("visits", 2)),
        int(request.get("tries", 0)),
        request.get("wanted", ()),  # type: ignore[arg-type]
    )
    return {
        "verdicts": verdicts,
        "runs": program.runs,
        "broken": program.is_broken,
        "exits": sorted(program.exits),
    }


def give_up(*_: object) -> None:
    raise Endless


if __name__ == "__main__":
    signal.signal(signal.SIGVTALRM, give_up)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)
