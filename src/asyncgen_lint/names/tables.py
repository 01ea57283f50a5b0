"""Known callables of the standard library and of async frameworks; each row names its source.

Names are dotted as Resolver gives them. What a table does not list is unknown.
"""

from __future__ import annotations

TRANSPARENT_DECORATORS = frozenset(
    {
        # Return the function itself, or a descriptor that does: Library Reference, "Built-in
        # Functions", abc, typing.
        "builtins.staticmethod",
        "builtins.classmethod",
        "abc.abstractmethod",
        "typing.final",
        "typing.override",
        "typing.overload",
        "typing_extensions.final",
        "typing_extensions.override",
        "typing_extensions.overload",
        # atexit documentation: "it is possible to use this function as a decorator".
        "atexit.register",
    }
)

RESULT_KEEPING_DECORATORS = frozenset(
    {
        # tenacity and backoff document that they retry the call; for an async generator function
        # the call makes the generator and cannot fail (observed with tenacity 9.2.1; in
        # backoff/_decorator.py all but coroutine functions are retried as plain calls).
        "tenacity.retry",
        "backoff.on_exception",
        "backoff.on_predicate",
        # stamina retries an async generator as it is iterated, by one of its own.
        "stamina.retry",
        # warnings documentation: warns when the function is called.
        "warnings.deprecated",
        "typing_extensions.deprecated",
    }
)
"""Decorators after which a call gives what the function gives, or another of the same kind."""

CACHING_DECORATORS = frozenset(
    {
        # functools, cachetools and async-lru documentation: give earlier results again.
        "functools.lru_cache",
        "functools.cache",
        "cachetools.cached",
        "cachetools.cachedmethod",
        "async_lru.alru_cache",
    }
)

GENERATOR_CACHES = frozenset(
    {
        # functools and cachetools documentation: what the first call gave is given again. Observed
        # with both that an async generator, which is given at once, is kept like any other value.
        # (async_lru refuses anything but a coroutine function when it decorates.)
        "functools.lru_cache",
        "functools.cache",
        "functools.cached_property",
        "cachetools.cached",
        "cachetools.cachedmethod",
        # Django documentation, "django.utils.functional": kept on the instance.
        "django.utils.functional.cached_property",
    }
)
"""Caches that hand out one async generator again and again."""

RETRYING_DECORATORS = frozenset(
    # As in RESULT_KEEPING_DECORATORS: the call is retried, and cannot fail.
    {"tenacity.retry", "backoff.on_exception", "backoff.on_predicate"}
)
"""Decorators that retry a call alone, which for an async generator function cannot fail."""

MANAGERS_AROUND_CALLS = frozenset(
    {
        # unittest.mock documentation: patched "for the duration of the call"; of async functions
        # only coroutine functions are awaited inside (unittest/mock.py, `decorate_callable`).
        "unittest.mock.patch",
        "unittest.mock.patch.object",
        "unittest.mock.patch.dict",
        "unittest.mock.patch.multiple",
        # contextlib.contextmanager functions: anyio/_core/_tasks.py, trio/_timeouts.py.
        "anyio.fail_after",
        "trio.fail_after",
        "trio.fail_at",
        # torch/utils/_contextlib.py, `context_decorator`: only sync generators get special care.
        "torch.no_grad",
        "torch.enable_grad",
        "torch.inference_mode",
    }
)
"""Decorators that enter a manager around a call, which of an async generator runs no body."""

TIMEOUTS_NOT_CALLABLE = frozenset(
    # asyncio/timeouts.py: what these give is no decorator.
    {"asyncio.timeout", "asyncio.timeout_at"}
)

TRACER_MAKERS = frozenset(
    # OpenTelemetry API documentation: gives a Tracer, whose `start_as_current_span` may decorate
    # functions; opentelemetry/util/_decorator.py awaits coroutine functions alone.
    {"opentelemetry.trace.get_tracer"}
)

CONTEXT_DECORATOR_BASES = frozenset(
    # contextlib documentation: their instances decorate functions by `with` around the call.
    {"contextlib.ContextDecorator", "contextlib.AsyncContextDecorator"}
)

CLOCKS = frozenset(
    # time documentation.
    {f"time.{name}{ns}" for name in ("time", "monotonic", "perf_counter", "process_time")
     for ns in ("", "_ns")}
)  # fmt: skip

CHANNEL_DECORATORS = frozenset(
    # trio documentation: a background task iterates the generator, and the manager gives a channel.
    {"trio.as_safe_channel"}
)

PROPERTY_DECORATORS = frozenset({"builtins.property", "abc.abstractproperty"})

INERT_BASES = frozenset(
    # Bases that add no method or attribute a subclass could mean: typing and abc documentation.
    {
        "builtins.object",
        "abc.ABC",
        "typing.Generic",
        "typing.Protocol",
        "typing_extensions.Protocol",
    }
)

CONTEXT_MANAGER_DECORATORS = frozenset(
    {
        # contextlib documentation; anyio re-exports nothing, async_generator is the backport.
        "contextlib.asynccontextmanager",
        "async_generator.asynccontextmanager",
        "contextlib2.asynccontextmanager",
        # asyncstdlib/contextlib.py, 3.13.1: throws the body's exception in at the `yield`.
        "asyncstdlib.contextmanager",
        "asyncstdlib.contextlib.contextmanager",
    }
)

SYNC_CONTEXT_MANAGER_DECORATORS = frozenset(
    # contextlib documentation, and its backport: calls `next()` on what the function gives.
    {"contextlib.contextmanager", "contextlib2.contextmanager"}
)

STREAM_HOLDERS = frozenset(
    {
        # starlette/responses.py, fastapi/responses.py, sse-starlette, Django and Litestar
        # documentation: iterate what they get when the response is sent, after they are returned.
        "starlette.responses.StreamingResponse",
        "fastapi.responses.StreamingResponse",
        "sse_starlette.EventSourceResponse",
        "sse_starlette.sse.EventSourceResponse",
        "django.http.StreamingHttpResponse",
        "litestar.response.Stream",
        "litestar.response.streaming.Stream",
        "litestar.response.ServerSentEvent",
        "litestar.response.sse.ServerSentEvent",
        # quart/wrappers/response.py, 0.22.0, IterableBody: likewise, and closes it when it is sent.
        "quart.Response",
        "quart.wrappers.Response",
    }
)
"""Responses that iterate a generator after the function that makes them has returned.

Run with starlette 1.10.0, fastapi 0.165.0, litestar 2.25.0 and quart 0.22.0: when the client
leaves, quart closes the generator, and the others leave it suspended.
"""

FIXTURE_DECORATORS = frozenset(
    {
        # pytest and pytest-asyncio documentation: the plugin steps the generator itself.
        "pytest.fixture",
        "pytest_asyncio.fixture",
        "pytest_trio.trio_fixture",
    }
)

TEST_CASES = frozenset(
    # unittest documentation: methods whose names begin with `test` are tests.
    {"unittest.TestCase", "unittest.IsolatedAsyncioTestCase", "unittest.case.TestCase",
     "unittest.async_case.IsolatedAsyncioTestCase"}
)  # fmt: skip

TEST_DECORATORS = frozenset(
    # unittest and unittest.mock documentation: what is decorated stays a test of the same kind.
    {"unittest.skip", "unittest.skipIf", "unittest.skipUnless", "unittest.expectedFailure",
     "unittest.mock.patch", "unittest.mock.patch.object", "unittest.mock.patch.dict"}
)  # fmt: skip
STEPPED_FIXTURE_DECORATORS = frozenset(
    # runtime.md, (g): both plugins step the generator, and throw nothing into it.
    {"pytest.fixture", "pytest_asyncio.fixture"}
)

EXPECTED_EXCEPTIONS = frozenset(
    # pytest documentation: the body is expected to raise or to warn.
    {"pytest.raises", "pytest.warns", "pytest.deprecated_call"}
)

DEPENDENCY_MARKERS = frozenset(
    {
        # FastAPI documentation, "Dependencies with yield": driven as a context manager.
        "fastapi.Depends",
        "fastapi.Security",
        "fastapi.params.Depends",
        "fastapi.params.Security",
        "fastapi.param_functions.Depends",
        "fastapi.param_functions.Security",
        # litestar/_kwargs/cleanup.py: throws a handler's exception into each of its generators.
        "litestar.di.Provide",
    }
)

CLOSERS = frozenset(
    {
        # contextlib documentation; asyncstdlib documents scoped_iter as closing at scope end.
        "contextlib.aclosing",
        "async_generator.aclosing",
        "contextlib2.aclosing",
        "asyncstdlib.scoped_iter",
        "asyncstdlib.asynctools.scoped_iter",
        # aiostream documentation, "streamcontext": closes its iterator at exit.
        "aiostream.streamcontext",
        "aiostream.core.streamcontext",
        "aiostream.aiter_utils.aitercontext",
    }
)

ACLOSING = frozenset(
    # contextlib documentation, and its backports: awaits `aclose()` of what it is given.
    {"contextlib.aclosing", "async_generator.aclosing", "contextlib2.aclosing"}
)

SYNC_CLOSING = frozenset(
    # contextlib documentation, and its backport: calls `close()`, and has no `__aenter__`.
    {"contextlib.closing", "contextlib2.closing"}
)

SYNC_ITERABLE_MAKERS = {
    # Library Reference, "Built-in Functions" and "Built-in Types": none of these has an `aclose`.
    "builtins.list": "a list",
    "builtins.sorted": "a list",
    "builtins.tuple": "a tuple",
    "builtins.set": "a set",
    "builtins.frozenset": "a frozenset",
    "builtins.dict": "a dict",
    "builtins.range": "a range",
    "builtins.enumerate": "a sync iterator",
    "builtins.filter": "a sync iterator",
    "builtins.iter": "a sync iterator",
    "builtins.map": "a sync iterator",
    "builtins.reversed": "a sync iterator",
    "builtins.zip": "a sync iterator",
}

ENDLESS_ITERATORS = frozenset(
    # itertools documentation, "Infinite iterators"; `repeat` only without its second argument.
    {"itertools.count", "itertools.cycle", "itertools.repeat"}
)

SYNC_CONSUMERS = frozenset(
    # Library Reference, "Built-in Functions", itertools, collections, statistics: they call
    # `iter()` on their first argument, `len` and `next` ask it for `__len__` and `__next__`.
    {
        *(f"builtins.{name}" for name in (
            "all", "any", "bytes", "bytearray", "dict", "enumerate", "frozenset", "iter", "len",
            "list", "max", "min", "next", "reversed", "set", "sorted", "sum", "tuple")),
        *(f"itertools.{name}" for name in (
            "accumulate", "batched", "combinations", "cycle", "groupby", "islice", "pairwise",
            "permutations", "tee")),
        "collections.deque",
        "collections.Counter",
        "collections.OrderedDict",
        "itertools.chain.from_iterable",
        "statistics.mean",
        "statistics.median",
    }
)  # fmt: skip

SYNC_CONSUMERS_OF_ANY = frozenset(
    # The same documents: they iterate each of their arguments, or all but a function.
    {"builtins.filter", "builtins.map", "builtins.zip", "functools.reduce", "itertools.chain",
     "itertools.compress", "itertools.dropwhile", "itertools.filterfalse", "itertools.product",
     "itertools.starmap", "itertools.takewhile", "itertools.zip_longest"}
)  # fmt: skip

SYNC_UNTIL_3_13 = frozenset(
    # asyncio documentation: "Changed in version 3.13: the returned iterator is async as well".
    {"asyncio.as_completed", "asyncio.tasks.as_completed"}
)

COROUTINE_TAKERS = frozenset(
    # asyncio documentation: each raises TypeError or ValueError for what cannot be awaited.
    {"asyncio.create_task", "asyncio.ensure_future", "asyncio.gather", "asyncio.run",
     "asyncio.run_coroutine_threadsafe", "asyncio.shield", "asyncio.wait", "asyncio.wait_for",
     "asyncio.as_completed", "asyncio.tasks.create_task", "asyncio.tasks.ensure_future",
     "asyncio.tasks.gather", "asyncio.tasks.wait", "asyncio.tasks.wait_for"}
)  # fmt: skip

COROUTINE_METHODS = {
    # asyncio documentation: the methods of event loops, task groups and runners that take one.
    "create_task": frozenset({"loop", "asyncio.TaskGroup", "asyncio.taskgroups.TaskGroup"}),
    "run_until_complete": frozenset({"loop"}),
    "run": frozenset({"asyncio.Runner", "asyncio.runners.Runner"}),
}

FUNCTION_RUNNERS = frozenset(
    # trio and anyio documentation: each calls an async function that it is given.
    {"trio.run", "anyio.run", "trio.from_thread.run", "anyio.from_thread.run"}
)

FUNCTION_STARTERS = frozenset(
    # trio and anyio documentation: `start_soon` and `start` of these do the same.
    {"trio.open_nursery", "anyio.create_task_group"}
)

THREAD_RUNNERS = frozenset(
    # asyncio, anyio and trio documentation: each calls a function in a thread.
    {"asyncio.to_thread", "anyio.to_thread.run_sync", "trio.to_thread.run_sync"}
)

RAISING_TIMEOUTS = frozenset(
    # asyncio, async-timeout, anyio and trio documentation: cancel the body, and raise at its end.
    {"asyncio.timeout", "asyncio.timeout_at", "asyncio.timeouts.timeout",
     "asyncio.timeouts.timeout_at", "async_timeout.timeout", "async_timeout.timeout_at",
     "anyio.fail_after", "anyio.fail_at", "trio.fail_after", "trio.fail_at"}
)  # fmt: skip

TIMED_WAITERS = frozenset(
    # asyncio documentation: cancels what it waits for, and raises TimeoutError.
    {"asyncio.wait_for", "asyncio.tasks.wait_for"}
)

TIMEOUT_ERRORS = frozenset(
    # The classes by which the errors of these are caught, their bases included.
    {"builtins.TimeoutError", "asyncio.TimeoutError", "asyncio.exceptions.TimeoutError",
     "concurrent.futures.TimeoutError", "trio.TooSlowError", "builtins.OSError",
     "builtins.Exception", "builtins.BaseException"}
)  # fmt: skip

STREAM_TAKERS = frozenset(
    {
        # Starlette and FastAPI documentation, "StreamingResponse": iterates its first argument.
        "starlette.responses.StreamingResponse",
        "fastapi.responses.StreamingResponse",
        # quart/wrappers/response.py, 0.22.0, IterableBody: calls `__aiter__` of it.
        "quart.Response",
        "quart.wrappers.Response",
        # asyncstdlib/asynctools.py, 3.14.0: `borrow` refuses what has no `__aiter__` when it is
        # called, `scoped_iter` when it is entered.
        "asyncstdlib.borrow",
        "asyncstdlib.asynctools.borrow",
        "asyncstdlib.scoped_iter",
        "asyncstdlib.asynctools.scoped_iter",
        # aiostream/stream/create.py, 0.8.1: "function object is not (async) iterable".
        "aiostream.stream.iterate",
    }
)
"""What fails when its first argument is a function. (Litestar's `Stream` calls a function.)"""

EXIT_STACK_CLOSERS = frozenset(
    # contextlib.AsyncExitStack documentation: what is given here is run or exited at the end.
    {"enter_async_context", "push_async_exit", "push_async_callback", "push", "callback"}
)

CLOSE_METHODS = frozenset({"aclose", "close"})

STEP_METHODS = frozenset({"__anext__", "asend", "athrow"})
"""The methods that resume an async generator: Language Reference 6.2.9.3."""

CANCEL_SCOPES = {
    # asyncio documentation, "Timeouts" and "Task Groups".
    "asyncio.timeout": "asyncio",
    "asyncio.timeout_at": "asyncio",
    "asyncio.TaskGroup": "asyncio",
    "asyncio.timeouts.timeout": "asyncio",
    "asyncio.timeouts.timeout_at": "asyncio",
    "asyncio.taskgroups.TaskGroup": "asyncio",
    # README of async-timeout; cancels the task that entered it.
    "async_timeout.timeout": "asyncio",
    "async_timeout.timeout_at": "asyncio",
    # anyio documentation, "Cancellation and timeouts", "Creating and managing tasks".
    "anyio.move_on_after": "anyio",
    "anyio.move_on_at": "anyio",
    "anyio.fail_after": "anyio",
    "anyio.fail_at": "anyio",
    "anyio.CancelScope": "anyio",
    "anyio.create_task_group": "anyio",
    "anyio.open_cancel_scope": "anyio",
    # anyio/from_thread.py, 4.16.0: entering it enters a task group of the current task.
    "anyio.from_thread.BlockingPortal": "anyio",
    # trio documentation, "Cancellation and timeouts", "Tasks let you do multiple things at once".
    "trio.move_on_after": "trio",
    "trio.move_on_at": "trio",
    "trio.fail_after": "trio",
    "trio.fail_at": "trio",
    "trio.CancelScope": "trio",
    "trio.open_nursery": "trio",
    # trio documentation: entering what it gives opens a nursery for the generator's task.
    "trio.as_safe_channel": "trio",
    # asyncer documentation: anyio's task group, with a method more.
    "asyncer.create_task_group": "anyio",
    # aiotools and quattro document theirs as asyncio cancel scopes.
    "aiotools.TaskGroup": "asyncio",
    "quattro.TaskGroup": "asyncio",
    "quattro.move_on_after": "asyncio",
    "quattro.move_on_at": "asyncio",
    "quattro.fail_after": "asyncio",
    "quattro.fail_at": "asyncio",
}

RAISING_TIMEOUTS = frozenset(
    # The same documentation: leaving these waits for nothing, and raises where time ran out.
    {"asyncio.timeout", "asyncio.timeout_at", "asyncio.timeouts.timeout",
     "asyncio.timeouts.timeout_at", "async_timeout.timeout", "async_timeout.timeout_at",
     "anyio.fail_after", "trio.fail_after", "trio.fail_at"}
)  # fmt: skip

LOCKS = frozenset(
    {
        # asyncio, threading, multiprocessing, anyio and trio documentation: what only one holder
        # at a time has. A semaphore or limiter is often held on purpose.
        *(f"asyncio.{name}" for name in ("Lock", "Condition")),
        *(f"asyncio.locks.{name}" for name in ("Lock", "Condition")),
        *(f"threading.{name}" for name in ("Lock", "RLock", "Condition")),
        *(f"multiprocessing.{name}" for name in ("Lock", "RLock", "Condition")),
        *(f"anyio.{name}" for name in ("Lock", "Condition")),
        *(f"trio.{name}" for name in ("Lock", "StrictFIFOLock", "Condition")),
    }
)

BLOCKING_LOCKS = frozenset(
    # Those of them that block the thread, and so the event loop, while they are waited for.
    {each for each in LOCKS if each.startswith(("threading.", "multiprocessing."))}
)

AMBIENT_MANAGERS = frozenset(
    {
        # Library Reference: each sets what other code reads without being given it, and restores
        # it at exit: decimal, contextlib, warnings.
        "decimal.localcontext",
        "contextlib.redirect_stdout",
        "contextlib.redirect_stderr",
        "contextlib.chdir",
        "warnings.catch_warnings",
        # OpenTelemetry API, trace and its SDK's context: the current span, by a context variable.
        "opentelemetry.trace.use_span",
        # structlog documentation, "Context variables"; loguru documentation, "contextualize".
        "structlog.contextvars.bound_contextvars",
        "loguru.logger.contextualize",
        # PyTorch documentation, "Locally disabling gradient computation": local to the thread.
        "torch.no_grad",
        "torch.enable_grad",
        "torch.inference_mode",
    }
)

AMBIENT_METHODS = frozenset(
    # OpenTelemetry API, Tracer: no other interface has a method of this name.
    {"start_as_current_span"}
)

AMBIENT_PAIRS = {
    # OpenTelemetry API, context: `detach` gets the token that `attach` gives.
    "opentelemetry.context.attach": "opentelemetry.context.detach",
}

TRIVIAL_MANAGERS = frozenset(
    {
        # contextlib documentation: nothing happens at exit.
        "contextlib.nullcontext",
        "contextlib.suppress",
    }
)

SUPPRESSORS = frozenset({"contextlib.suppress"})

CASTS = frozenset({"typing.cast", "typing_extensions.cast"})
"""What gives its second argument as it is: typing documentation."""

SYNC_RELEASES = frozenset(
    {
        # Managers whose exit certainly does something, entered with a plain `with`.
        "builtins.open",
        "threading.Lock",
        "threading.RLock",
        "contextlib.closing",
        "contextlib.ExitStack",
        "tempfile.TemporaryDirectory",
        "tempfile.NamedTemporaryFile",
        "tempfile.TemporaryFile",
        "asyncio.Runner",
        # OpenTelemetry API: ends the span, or detaches it from the context.
        "opentelemetry.trace.use_span",
    }
)

LOGGING_METHODS = frozenset(
    {"debug", "info", "warning", "warn", "error", "exception", "critical", "log"}
)
"""Methods of logging.Logger that write a record."""

CONTAINER_METHODS = frozenset(
    {"append", "extend", "insert", "remove", "pop", "clear", "add", "discard", "update",
     "popleft", "appendleft", "setdefault", "popitem"}
)  # fmt: skip
"""Methods by which the built-in containers change."""

CONTAINER_ADDERS = frozenset({"append", "appendleft", "insert", "add", "setdefault"})
"""Those of them that keep one of their arguments."""

CONTAINER_REMOVERS = frozenset({"remove", "discard", "clear"})
"""Those of them that let an item go and do not return it."""

CONTAINER_TYPES = frozenset(
    {"builtins.list", "builtins.set", "builtins.dict", "collections.deque",
     "collections.defaultdict", "collections.OrderedDict", "collections.Counter"}
)  # fmt: skip

GENERATOR_EXIT_CATCHERS = frozenset({"builtins.BaseException", "builtins.GeneratorExit"})

CANCELLED_ERRORS = frozenset(
    {
        "asyncio.CancelledError",
        "asyncio.exceptions.CancelledError",
        "concurrent.futures.CancelledError",
        "anyio.get_cancelled_exc_class",
        "trio.Cancelled",
    }
)

ORDINARY_EXCEPTION_ROOT = "builtins.Exception"

STEP_FUNCTIONS = frozenset({"builtins.anext", "asyncstdlib.anext", "asyncstdlib.builtins.anext"})

ITERATOR_FUNCTIONS = frozenset({"builtins.aiter", "asyncstdlib.iter", "asyncstdlib.builtins.iter"})

FUNCTION_KIND_TESTS = frozenset(
    # inspect and asyncio documentation: each says of what kind the function is that it is given.
    {"inspect.isasyncgenfunction", "inspect.iscoroutinefunction", "asyncio.iscoroutinefunction"}
)

WAITERS = frozenset(
    {
        # asyncio documentation: each awaits the awaitable it is given, and returns its result.
        "asyncio.wait_for",
        "asyncio.shield",
        "asyncio.tasks.wait_for",
    }
)

OTHER_TASK_RUNNERS = frozenset(
    # asyncio documentation: each runs a coroutine that it is given in a task of its own.
    {"asyncio.create_task", "asyncio.ensure_future", "asyncio.gather", "asyncio.shield",
     "asyncio.tasks.create_task", "asyncio.tasks.ensure_future", "asyncio.tasks.gather"}
)  # fmt: skip

LOOP_RUNNERS = frozenset(
    # asyncio, anyio and trio documentation, and uvloop's README: each makes a loop, runs it until a
    # coroutine is done, and ends it.
    {"asyncio.run", "asyncio.runners.run", "anyio.run", "trio.run", "uvloop.run"}
)

THREAD_CALLERS = {
    # Each calls the function it is given in a thread. A StopIteration that leaves it cannot be set
    # on an asyncio future: before 3.13 the future is then never done (runtime.md, AGN516).
    "asyncio.to_thread": "asyncio",
    "asyncio.threads.to_thread": "asyncio",
    # These raise it in the coroutine that awaits, where it becomes RuntimeError (PEP 479).
    "anyio.to_thread.run_sync": "anyio",
    "trio.to_thread.run_sync": "trio",
    "starlette.concurrency.run_in_threadpool": "anyio",
    "fastapi.concurrency.run_in_threadpool": "anyio",
}

TASK_LOCKS = frozenset(
    # asyncio, anyio and trio documentation: one task at a time gets past entering one of these.
    {"asyncio.Lock", "asyncio.locks.Lock", "asyncio.Condition", "anyio.Lock", "anyio.Condition",
     "trio.Lock", "trio.StrictFIFOLock", "trio.Condition"}
)  # fmt: skip

LOOP_MAKERS = frozenset(
    # asyncio documentation, and uvloop's README.
    {"asyncio.new_event_loop", "asyncio.events.new_event_loop", "uvloop.new_event_loop"}
)

LOCAL_WHEN_MADE_HERE = frozenset(
    {
        # asyncio, threading, queue, anyio and trio documentation: a lock or queue that a call has
        # made for itself goes with it, and nobody else waits for it.
        *(f"asyncio.{name}" for name in ("Lock", "Semaphore", "BoundedSemaphore", "Condition")),
        *(f"asyncio.{name}" for name in ("Queue", "LifoQueue", "PriorityQueue")),
        *(f"asyncio.queues.{name}" for name in ("Queue", "LifoQueue", "PriorityQueue")),
        *(f"threading.{name}" for name in ("Lock", "RLock", "Semaphore", "BoundedSemaphore")),
        *(f"queue.{name}" for name in ("Queue", "LifoQueue", "PriorityQueue")),
        *(f"anyio.{name}" for name in ("Lock", "Semaphore", "CapacityLimiter", "Condition")),
        *(f"trio.{name}" for name in ("Lock", "Semaphore", "CapacityLimiter", "Condition")),
        # io, html.parser and xml.etree documentation: they hold memory alone.
        "io.StringIO",
        "io.BytesIO",
        "html.parser.HTMLParser",
        "xml.etree.ElementTree.XMLPullParser",
        "xml.etree.ElementTree.XMLParser",
        # runtime.md, (b): a file is closed when its last reference goes, at the same moment.
        "builtins.open",
        "io.open",
    }
)

TASK_MAKERS = frozenset(
    # asyncio documentation, "Creating Tasks" and "Event Loop": nothing else owns what these start.
    {
        "asyncio.create_task",
        "asyncio.ensure_future",
        "asyncio.tasks.create_task",
        "asyncio.tasks.ensure_future",
    }
)

LOOP_GETTERS = frozenset(
    # asyncio documentation, "Event Loop": `create_task` of what these give makes a task likewise.
    {
        "asyncio.get_running_loop",
        "asyncio.get_event_loop",
        "asyncio.events.get_running_loop",
        "asyncio.events.get_event_loop",
    }
)

TASK_WAITERS = frozenset(
    # asyncio documentation: these look at the tasks they get, and start or keep nothing.
    {"asyncio.wait_for", "asyncio.shield", "asyncio.gather", "asyncio.wait", "asyncio.as_completed"}
)

FINITE_ITERATORS = frozenset(
    # Library Reference, "Built-in Functions": over a container, these end when it does.
    {"builtins.iter", "builtins.reversed"}
)

COROUTINE_DECORATORS = frozenset(
    # types documentation, and that of asyncio before 3.11: what they make must be awaited.
    {"types.coroutine", "asyncio.coroutine", "asyncio.coroutines.coroutine"}
)

PROTOCOL_BASES = frozenset({"typing.Protocol", "typing_extensions.Protocol"})

TYPING_MODULES = frozenset({"typing", "typing_extensions", "collections.abc", "types"})

SYNC_ANNOTATIONS = frozenset(
    # collections.abc and typing documentation: none of these is an async iterable.
    {"Generator", "Iterator", "Iterable", "GeneratorType", "Awaitable", "Coroutine", "Sequence",
     "MutableSequence", "Mapping", "MutableMapping", "Callable", "List", "Dict", "Set",
     "FrozenSet", "Tuple", "NoReturn", "Never"}
)  # fmt: skip

SYNC_ITERATOR_ANNOTATIONS = frozenset({"Generator", "Iterator", "Iterable"})
"""Those of them that have an async kind, of the same name behind `Async`."""

BUILTIN_VALUE_TYPES = frozenset(
    # Library Reference, "Built-in Types".
    {f"builtins.{name}" for name in (
        "None", "bool", "bytearray", "bytes", "complex", "dict", "float", "frozenset", "int",
        "list", "set", "str", "tuple")}
)  # fmt: skip

AWAITABLE_ANNOTATIONS = frozenset({"Awaitable", "Coroutine", "Future", "Task"})

ASYNC_ITERABLE_ANNOTATIONS = frozenset(
    {"AsyncIterator", "AsyncIterable", "AsyncGenerator", "AsyncGeneratorType"}
)

GENERATOR_TYPES = frozenset(
    # Every async generator object is an instance of these: PEP 525, documentation of
    # collections.abc and types.
    {f"{module}.{name}" for module in ("collections.abc", "typing")
     for name in ("AsyncGenerator", "AsyncIterator", "AsyncIterable")}
    | {"types.AsyncGeneratorType"}
)  # fmt: skip

LOCAL_ONLY_CALLS = frozenset(
    # Built-in functions without an effect outside the call.
    {"builtins.len", "builtins.isinstance", "builtins.repr", "builtins.str", "builtins.int",
     "builtins.print", "builtins.min", "builtins.max", "time.perf_counter", "time.monotonic",
     "time.time", "time.process_time"}
)  # fmt: skip

PURE_BUILTINS = frozenset(
    # Built-in functions whose result is all they give; they keep what they get in it.
    {f"builtins.{name}" for name in (
        "abs", "all", "any", "bool", "callable", "enumerate", "float", "frozenset", "getattr",
        "hasattr", "hash", "id", "issubclass", "range", "reversed", "round", "sorted", "sum",
        "tuple", "type", "zip")}
)  # fmt: skip

RELEASE_METHODS = frozenset(
    {"close", "aclose", "release", "unsubscribe", "cancel", "detach", "reset", "disconnect",
     "task_done", "__aexit__"}
)  # fmt: skip
"""Methods that end what an earlier call began: io, asyncio, contextvars and database drivers."""

ENDING_METHODS = frozenset({"stop", "shutdown", "terminate", "kill", "abort", "cancel"})
"""Methods that make an object give up what it does: asyncio, subprocess and server objects."""

ENDING_WORDS = frozenset(
    {"close", "aclose", "exit", "aexit", "stop", "shutdown", "teardown", "disconnect", "finish",
     "end", "cleanup", "dispose", "drain"}
)  # fmt: skip
"""Words in the names of methods in which a last step of a generator may be meant to finish it."""

RELEASES_OF_PAIRS = frozenset(
    # These are releases only beside their counterpart: a parser is `reset`, and a tensor detached,
    # to go on with it.
    {"detach", "reset", "task_done"}
)

ACQUIRES_OF_RELEASE = {
    # The documented counterparts in threading, asyncio, contextvars, opentelemetry and pub/sub.
    "release": frozenset({"acquire"}),
    "unsubscribe": frozenset({"subscribe", "psubscribe"}),
    "detach": frozenset({"attach"}),
    "reset": frozenset({"set"}),
    "disconnect": frozenset({"connect"}),
    "task_done": frozenset({"get", "get_nowait"}),
    "__aexit__": frozenset({"__aenter__"}),
}

STOPS = frozenset({"builtins.StopIteration", "builtins.StopAsyncIteration"})

FINITE_ITERATOR_MAKERS = frozenset(
    # Library Reference, "Built-in Functions": each ends with what it iterates.
    {"builtins.iter", "builtins.map", "builtins.filter", "builtins.zip", "builtins.enumerate",
     "builtins.reversed"}
)  # fmt: skip

FILE_READERS = frozenset(
    # csv documentation: an empty file has no first row.
    {"csv.reader", "csv.DictReader"}
)

ERROR_PRINTERS = frozenset(
    # traceback and warnings documentation: these write a message and keep nothing.
    {"traceback.print_exc", "traceback.print_exception", "traceback.format_exc",
     "traceback.format_exception", "warnings.warn", "builtins.print", "sys.exc_info"}
)  # fmt: skip

KNOWN_NAMES = frozenset(
    name
    for table in list(globals().values())
    if isinstance(table, (frozenset, dict))
    for name in table
    if isinstance(name, str) and "." in name
)
"""Every dotted name that some table lists: what it means is known, so its source is not read."""

KNOWN_PACKAGES = frozenset(each.partition(".")[0] for each in KNOWN_NAMES)
