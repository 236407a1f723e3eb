"""The pilot as an outside client plays it: everything through the public API, nothing from the server's code."""
