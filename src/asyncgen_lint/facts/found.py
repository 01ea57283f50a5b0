"""What rules are told: one kind of value for each question that `Facts` answers.

Nodes in them are opaque anchors; `path` is the way that shows the fact, step by step.
"""

from __future__ import annotations

from dataclasses import dataclass

from asyncgen_lint.names.scopes import Scope
from asyncgen_lint.rule import Node, Step


@dataclass(frozen=True)
class LeftOpen:
    """A generator that needs closing and is left suspended on some path.

    `header` is where the report goes: the loop or the stepping call. `exit` names what leaves it
    (`break`, `return`, `raise`, `the end`); `is_delegation` says that it is the closing of the
    function's own generator, at a `yield`. `is_certain` says that no exception need be assumed;
    `by_exception` that an ordinary one is, rather than a cancellation.
    """

    label: str
    header: Node
    creation: Node
    function: Scope
    exit: str
    is_loop: bool
    is_delegation: bool
    is_temporary: bool
    is_certain: bool
    path: tuple[Step, ...]
    by_exception: bool = False


@dataclass(frozen=True)
class CloseSkipped:
    """An `await g.aclose()` that only a run without an exception reaches."""

    label: str
    close: Node
    creation: Node
    function: Scope
    path: tuple[Step, ...]


@dataclass(frozen=True)
class NeverIterated:
    """A call of an async generator function whose result nothing uses."""

    label: str
    call: Node
    name: str


@dataclass(frozen=True)
class UnawaitedStep:
    """A call of a generator's method that nothing awaits.

    `method` is `aclose`, `asend`, ...; `used_as_item` says that the awaitable is used as if it
    were the item. `is_statement` says that the result is dropped where it is made.
    """

    method: str
    call: Node
    is_statement: bool
    used_as_item: bool


@dataclass(frozen=True)
class YieldedCoroutine:
    """A `yield` of a coroutine that no consumer in view awaits."""

    label: str
    at: Node
    call: Node


@dataclass(frozen=True)
class YieldAfterClose:
    """A `yield` that is reached after the generator was told to close.

    `is_absorbed` says that a handler absorbs that first.
    """

    at: Node
    is_absorbed: bool
    in_finally_of_error: bool
    path: tuple[Step, ...]


@dataclass(frozen=True)
class YieldInScope:
    """A `yield` inside a cancel scope or task group, called `scope`, that is open since `item`.

    `only_raises` says that this is the item of a `with` over a timeout, which waits for nothing and
    swallows no cancellation.
    """

    at: Node
    scope: str
    item: Node
    only_raises: bool
    path: tuple[Step, ...]


@dataclass(frozen=True)
class YieldHoldingLock:
    """A `yield` that is reached with a lock of the class `kind` held; `blocks` the event loop."""

    at: Node
    label: str
    kind: str
    blocks: bool
    path: tuple[Step, ...]


@dataclass(frozen=True)
class DelegationRefused:
    """A `yield from` in an `async def`; see `typestate.refused.Delegation`."""

    label: str
    at: Node
    source: Node
    function: Scope
    is_alone: bool
    is_async: bool
    is_sync: bool


@dataclass(frozen=True)
class TestThatYields:
    """A test, called `name`, that is an async generator by `first_yield`."""

    name: str
    at: Node
    first_yield: Node


@dataclass(frozen=True)
class AmbientAtYield:
    """A `yield` at which the ambient state that is called `state` is set for the consumer, too."""

    at: Node
    state: str
    path: tuple[Step, ...]


@dataclass(frozen=True)
class ItemReused:
    """A `yield` of a container called `name` that `emptied` empties behind it.

    `may_be_new` says that a new list would do as well for the function.
    """

    at: Node
    name: str
    emptied: Node
    may_be_new: bool
    path: tuple[Step, ...]


@dataclass(frozen=True)
class ExitSwallowed:
    """A handler that absorbs GeneratorExit.

    `swallows_cancellation` says that no work follows, but that a cancellation is lost with it;
    `falls_through` that the handler's last statement is no jump.
    """

    handler: Node
    swallows_cancellation: bool
    falls_through: bool
    path: tuple[Step, ...]


@dataclass(frozen=True)
class GeneratorAwaited:
    """An `await` of an async generator, if it stands so in the header of `loop`."""

    label: str
    at: Node
    loop: Node | None


@dataclass(frozen=True)
class CoroutineIterated:
    """An `async for` over a coroutine; `gives_iterable` if awaiting it gives what was meant."""

    label: str
    header: Node
    source: Node
    gives_iterable: bool


@dataclass(frozen=True)
class ReleaseSkipped:
    """A release behind a `yield` that leaving the generator there skips."""

    at: Node
    call: Node
    release: str
    path: tuple[Step, ...]


@dataclass(frozen=True)
class WronglyEntered:
    """A generator, or its `aclosing`, entered in a way that raises; `at` is the `with` or call.

    `by` is `closing`, `async closing`, `with` (the generator itself) or `with aclosing`;
    `statement` is the `with`, if there is one, and `function` what holds it.
    """

    label: str
    at: Node
    by: str
    manager: Node
    statement: Node | None
    function: Scope


@dataclass(frozen=True)
class AclosingMisused:
    """An `aclosing` that closes nothing: of `kind` without `aclose()`, or of an unused generator.

    `kind` is empty where the generator could be closed, but the body iterates another one, in
    `loop`; `call` is the `aclosing`, and `function` what holds it.
    """

    label: str
    at: Node
    kind: str
    path: tuple[Step, ...]
    call: Node
    function: Scope
    loop: Node | None = None


@dataclass(frozen=True)
class ClosedInOtherTask:
    """An `aclose()` that `spawner` runs in another task, of a generator bound to its own.

    `by_scope` says that a cancel scope or task group binds it.
    """

    label: str
    at: Node
    spawner: str
    by_scope: bool
    path: tuple[Step, ...]


@dataclass(frozen=True)
class LoopClosedEarly:
    """A `close()` of an event loop on which the generator `label` was left open."""

    label: str
    at: Node
    path: tuple[Step, ...]


@dataclass(frozen=True)
class UnshieldedCleanup:
    """An await in the cleanup of a generator that a cancelled scope of anyio or trio cuts off."""

    at: Node
    path: tuple[Step, ...]


@dataclass(frozen=True)
class StoredOpen:
    """A generator that `owner` keeps in an attribute of that name and that nothing closes."""

    label: str
    attribute: str
    owner: str
    at: Node
    path: tuple[Step, ...]


@dataclass(frozen=True)
class IteratorWithoutAclose:
    """The class, called `owner`, of an async iterator that keeps a generator in an attribute."""

    label: str
    attribute: str
    owner: str
    at: Node
    path: tuple[Step, ...]


@dataclass(frozen=True)
class StreamLeftOpen:
    """A closable stream that an async generator makes, iterates at `header` and leaves open.

    `enters_itself` says that its `__aenter__` gives the stream and does nothing else.
    """

    label: str
    owner: str
    closed_by: str
    exit: str
    header: Node
    creation: Node
    function: Scope
    enters_itself: bool
    path: tuple[Step, ...]


@dataclass(frozen=True)
class ReleaseNeverStarted:
    """A resource called `resource` that only the unstarted generator `label` releases."""

    label: str
    resource: str
    at: Node
    path: tuple[Step, ...]


@dataclass(frozen=True)
class TaskOutlives:
    """A task that a generator starts, and leaves running when it is closed; `name` holds it."""

    call: Node
    name: str
    path: tuple[Step, ...]


@dataclass(frozen=True)
class WrongUse:
    """Something called `label`, at a node that cannot take it; `by` says what that is, in a word.

    The label is empty for what has no name. `node` is the expression itself;
    `is_later_right` says that a newer Python than the target takes it.
    """

    label: str
    at: Node
    by: str
    node: Node
    is_later_right: bool = False

    @property
    def subject(self) -> str:
        """What a message calls it: its label as code, or "the generator expression"."""
        return f"`{self.label}`" if self.label else "the generator expression"


@dataclass(frozen=True)
class GeneratorEntered(WrongUse):
    """A generator that is entered as a context manager, which raises.

    `function` made it, if that is certain, and all that is done with what it gives in this module
    is to enter it; `is_private` says that no other module does anything with it. The function
    yields once.
    """

    function: Scope | None = None
    is_private: bool = False


@dataclass(frozen=True)
class FunctionNotCalled:
    """A generator function called `label`, at a node, `by`, that needs its generator.

    `node` names the function; `is_to_be_called` says that a call without arguments gives what is
    meant there.
    """

    label: str
    at: Node
    by: str
    node: Node
    is_to_be_called: bool


@dataclass(frozen=True)
class EarlySend:
    """A call that sends a value to the generator `label` before it was started."""

    label: str
    call: Node
    path: tuple[Step, ...]


@dataclass(frozen=True)
class SecondPass:
    """A loop, or a call that drains, over the generator `label`, which is at its end."""

    label: str
    at: Node
    path: tuple[Step, ...]


@dataclass(frozen=True)
class ConcurrentStep:
    """A step or close of the generator `label` while another task may be inside it.

    Of a close, `cancel` is the call that told the task to end, in `function`.
    """

    label: str
    at: Node
    cancel: Node | None
    function: Scope
    path: tuple[Step, ...]

    @property
    def is_close(self) -> bool:
        """Whether it closes the generator, of a task that was told to end."""
        return self.cancel is not None


@dataclass(frozen=True)
class TimedStep:
    """A step of the generator `label` under a timeout whose handler lets it be stepped again."""

    label: str
    at: Node
    path: tuple[Step, ...]


@dataclass(frozen=True)
class YieldedTwice:
    """A `yield` of a context manager that is reached behind another; `by_error` if by a handler.

    `first` is that other one.
    """

    at: Node
    first: Node
    by_error: bool
    is_certain: bool
    path: tuple[Step, ...]


@dataclass(frozen=True)
class NeverYielded:
    """A way through the context manager `name` that ends without a `yield`, at `at`.

    `is_return` says that this is a `return`, not the function's header; `swallows` that a handler
    absorbs an error of the setup.
    """

    name: str
    at: Node
    is_return: bool
    swallows: bool
    is_certain: bool
    path: tuple[Step, ...]


@dataclass(frozen=True)
class WronglyDecorated:
    """A decorator called `decorator` of the function `name`, which gives something else: `kind`.

    `is_sync` says that the decorator is for sync generators. `entries` are the calls of the
    function in the module that a `with` enters; `is_only_entered` says that it has no other use.
    """

    name: str
    kind: str
    decorator: str
    is_sync: bool
    is_generator: bool
    at: Node
    function: Scope
    entries: tuple[Node, ...]
    is_only_entered: bool


@dataclass(frozen=True)
class ResourceEscapes:
    """A return of the generator `label`, which uses what the return ends: `resource`."""

    label: str
    resource: str
    at: Node
    path: tuple[Step, ...]


@dataclass(frozen=True)
class AsyncAiterMethod:
    """An `__aiter__` of the class `owner` that gives a coroutine or, as told, a sync generator."""

    owner: str
    at: Node
    is_generator: bool
    is_plain: bool


@dataclass(frozen=True)
class BrokenAnextMethod:
    """An `__anext__` of the class `owner`.

    `stops_by` is `raise` or `next`, by which StopIteration leaves it, or empty for a `yield`;
    `statement` is that place.
    """

    owner: str
    at: Node
    is_async: bool
    stops_by: str
    statement: Node
    path: tuple[Step, ...]


@dataclass(frozen=True)
class AsyncStubOfIterator:
    """A stub called `name` that is a coroutine function, and used as an async generator."""

    name: str
    at: Node
    is_override: bool
    is_abstract: bool
    path: tuple[Step, ...]


@dataclass(frozen=True)
class WrongReturnAnnotation:
    """An async generator function, at `at`, that says it returns something else.

    `says` is the dotted name of a sync iterator's type, empty for anything else.
    """

    name: str
    at: Node
    function: Scope
    says: str


@dataclass(frozen=True)
class GeneratorCached:
    """A cache, applied `at`, that hands out one generator of the function `name` again and again.

    `is_generator` says that the function is a generator function itself, not one that returns one.
    """

    name: str
    at: Node
    is_generator: bool


@dataclass(frozen=True)
class WrappedCall:
    """A decorator of the generator function `name` that acts around its call alone.

    `by` is `retries`, `manager`, `async manager`, `uncallable`, `awaits`, `with`, `try` or `clock`.
    """

    name: str
    at: Node
    by: str
    path: tuple[Step, ...]


@dataclass(frozen=True)
class KindChanged:
    """A decorator whose wrapper changes what a call of `name` gives, while its use relies on it."""

    name: str
    at: Node
    was_generator: bool
    path: tuple[Step, ...]


@dataclass(frozen=True)
class BodyErrorSwallowed:
    """A handler around the `yield` of a context manager that swallows each error of the body.

    `falls_through` says that the handler's last statement is no jump.
    """

    handler: Node
    falls_through: bool
    path: tuple[Step, ...]


@dataclass(frozen=True)
class CleanupDead:
    """A handler for GeneratorExit in a context manager that alone does some cleanup."""

    handler: Node
    path: tuple[Step, ...]


@dataclass(frozen=True)
class ManagerMisused:
    """A use, in a way that raises, of the async context manager that `name` makes.

    `way` is `async for`, `await`, `anext`, `with` or `again`.
    """

    name: str
    at: Node
    way: str
    path: tuple[Step, ...]


@dataclass(frozen=True)
class SyncMethodCalled:
    """A call of `method`, which only sync generators have; `instead` is the async one.

    `is_statement` says that the result is dropped, in an `async def`.
    """

    label: str
    method: str
    instead: str
    call: Node
    is_statement: bool


@dataclass(frozen=True)
class GeneratorTested:
    """A generator whose truth is asked at `at`."""

    label: str
    at: Node


@dataclass(frozen=True)
class GeneratorShared:
    """A generator that is made once, in a `where` of module, class or default."""

    label: str
    name: str
    where: str
    at: Node
    path: tuple[Step, ...]


@dataclass(frozen=True)
class SendDiscarded:
    """A bare `await g.asend(...)` in a loop over `g`, whose answer is an item of the loop."""

    label: str
    at: Node
    path: tuple[Step, ...]


@dataclass(frozen=True)
class NextInThread:
    """A `next` without default that `runner` calls in a thread.

    `hangs` says that the await then never ends; else it raises RuntimeError. `giving` is the call
    that gives `next` its iterator.
    """

    runner: str
    at: Node
    hangs: bool
    giving: Node


@dataclass(frozen=True)
class DependencyIterated:
    """An `async for` over a dependency whose handler at the `yield` no failure reaches.

    `raises_again` says that what comes to the handler leaves it as it came.
    """

    label: str
    header: Node
    function: Scope
    raises_again: bool
    path: tuple[Step, ...]


@dataclass(frozen=True)
class StepShared:
    """A step of a generator that several tasks take turns to step."""

    label: str
    at: Node
    path: tuple[Step, ...]


@dataclass(frozen=True)
class SteppedInOtherTask:
    """A step that `spawner` runs in a task of its own, of a generator bound to one."""

    label: str
    at: Node
    spawner: str
    path: tuple[Step, ...]
