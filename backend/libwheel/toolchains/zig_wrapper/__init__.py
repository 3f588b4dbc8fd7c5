"""A compiler as gcc's users know it, that is zig: what the scripts `cc` and `c++` run.

A build has this package in its workspace, and nothing around it: so it imports itself relatively,
needs no more than Python 3.9, and of the standard library only what starts at once.
"""

DIRECTIVES = "directives.s"  # beside this package, for Windows: what each DLL is linked with
