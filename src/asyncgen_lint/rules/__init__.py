"""The rules, one module each. A rule reads facts and yields findings; it never imports another rule."""
