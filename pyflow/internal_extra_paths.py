"""The part of the table of internal paths (`internal_paths.py`) about what few programs import."""

EXTRA_PATHS = """
python.tools
python.ops.session_ops ops.session_ops @
"""
