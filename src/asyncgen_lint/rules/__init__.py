"""The rules, one module each: a rule reads facts, yields findings, and knows no other rule."""
