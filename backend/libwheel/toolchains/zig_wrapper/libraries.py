"""What a link makes of libraries: their names, and the versions of their symbols."""

from __future__ import annotations

from .target import Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Word = tuple[bool, str]  # whether the linker is to see it, and the word

_SCRIPT = "-Wl,--version-script,"


def promised(path: str, target: Target) -> str | None:
    """Return the tagged file name of the library that upstream links to that path.

    ``libz.1.3.1.dylib`` is that of the stem `z`, and so are ``libz-1.dll`` and ``z.dll``.
    """
    stem, _, suffix = path.rpartition("/")[2].rpartition(".")
    if suffix != ("dll" if target.is_windows else "dylib"):
        return None
    starts = ("lib", "") if target.is_windows else ("lib",)
    for known, tagged in target.names.items():
        if any(_is_version_of(stem, start + known) for start in starts):
            return tagged
    return None


def _is_version_of(stem: str, known: str) -> bool:
    rest = stem[len(known) :]
    has_version = rest[:1] in (".", "-") and not rest.strip("0123456789.-")
    return stem.startswith(known) and (not rest or has_version)


def named_for_macos(words: Sequence[Word], path: str, target: Target) -> list[Word]:
    """Give the library that is linked to `path` the name that it is to have, if there is one.

    It finds others of the wheel in its own folder. What the words say of either goes.
    """
    tagged = promised(path, target)
    kinds = {(False, "-dynamiclib"), (False, "-shared")}
    if tagged is None or not kinds.intersection(words):
        return list(words)
    found = []
    left = iter(words)
    for word in left:
        if word in ((True, "-install_name"), (True, "-rpath")):
            next(left, None)
        else:
            found.append(word)
    own = ("-install_name", f"@rpath/{tagged}", "-rpath", "@loader_path")
    return [*found, *((True, text) for text in own)]


def with_one_version_script(
    argv: Sequence[str], goal: str, read: Callable[[str], str], write: Callable[[str, str], None]
) -> list[str]:
    """Return the words with one version script that says what all of them say.

    GNU ld takes several; of zig the last alone has an effect. The one stands beside the `goal`.
    """
    scripts = [word[len(_SCRIPT) :] for word in argv if word.startswith(_SCRIPT)]
    first, *others = dict.fromkeys(scripts) or [""]
    if not others:
        return list(argv)
    path = f"{goal}.versions"
    write(path, "\n".join(map(read, [first, *others])))
    return [*(word for word in argv if not word.startswith(_SCRIPT)), f"{_SCRIPT}{path}"]
