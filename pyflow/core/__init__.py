"""The graph: what a program builds before anything runs. Knows no kernel and no session."""
