"""Repairs: plans over syntax nodes, their rendering as text edits, and applying them.

A fix goes from facts to bytes in four steps, and only the first is different for each fix:

1. A rule hands what it found, a frozen record of `facts.found`, to one function of a module here,
   which returns a `FixPlan` or None. It asks the facts whether the fix holds, and declines where
   that is not certain. A plan is a title, a `FixSafety`, rewrites, and the imports that it needs or
   makes needless. A rewrite is a node of the tree as parsed and a function that builds its
   replacement from the node *as it is handed over*, so that rewrites may nest.
2. `render` makes the smallest text edits of a plan: only the innermost statements that hold a
   rewrite are written anew, and no plan is rendered that would lose or move a comment. So a
   builder that cannot place a comment just leaves it out. `imports.import_edits` adds the imports.
3. `apply` puts all edits of disjoint fixes into the text; `asyncgen_lint.repair` calls it round by
   round and leaves out what would break the file or cause a finding.
4. `write` replaces the file, whole or not at all.

What a new plan is built of, each in one place:

- where a node stands: `around` (its function, what names mean there), `blocks` (its line and block,
  whether statements leave), `region` (the statements that use what a line makes)
- what may go wrong: `items` (whether an item is used once its generator is closed), `awaits`
  (where `await` may stand)
- new code: `layout` (blocks, `try`, `async with`, loops; comments and indentation), `fresh` (new
  names), `titles` (the words for errors that cleanup may now raise)
- imports: `imports` (what a library name is called here), `aclosing` (that one), `unused`

The plans, by what they do:

- close a generator: `wrap` (`aclosing` over loops, steps, comprehensions), `hoist` (the same for
  what is made inside an expression), `streams` (objects with an own `async with`), `close_anyway`
  (a close that exceptions skip), `closing` (`closing`, and another generator than the one that is
  closed), `await_here`, `cancelled`, `shut_down`
- clean up in a generator or manager: `finally_block`, `raise_again`, `behind` (yield behind a
  `with` or `try`), `branches`, `bare_return`
- the end of an iterator: `stops`, `steps`, `sentinel`, `loop_else`
- the right kind of loop, call or definition: `loops`, `collect`, `awaits`, `calls`, `delegate`,
  `definitions`, `decorate`, `annotate`, `enter`, `dependencies`, `athrow`, `new_list`
"""
