"""Text, spans, the text screen, parsing, the one walk over the tree, and suppression comments."""
