"""Facts: what the analysis knows of a module, in the words of the domain. All that rules read."""

from asyncgen_lint.facts.module import Facts, label_of

__all__ = ["Facts", "label_of"]
