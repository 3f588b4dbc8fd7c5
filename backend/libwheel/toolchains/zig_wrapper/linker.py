"""Options of the linker."""

from __future__ import annotations

from .target import Refusal

# Those whose value may be the next word.
WITH_VALUE = {
    *("-soname", "--soname", "-h", "-rpath", "--rpath", "-rpath-link", "--rpath-link", "-z", "-u"),
    *("--undefined", "-e", "--entry", "-T", "--version-script", "--wrap", "-Map", "--Map", "-m"),
    *("--dynamic-linker", "-init", "-fini", "--defsym", "--dynamic-list", "--exclude-libs", "-L"),
    *("-l", "-plugin", "--plugin", "-plugin-opt", "--plugin-opt", "--out-implib", "--output-def"),
    *("-install_name", "-current_version", "-compatibility_version", "-undefined", "-framework"),
    *("-exported_symbols_list", "-unexported_symbols_list", "-headerpad", "-force_load"),
    *("-reexport_library", "-multiply_defined", "--subsystem", "--stack", "--image-base"),
    *("--major-image-version", "--minor-image-version"),
}

# What says nothing of what a program does: how fast it is linked, how its file is laid out, what is
# told of it. zig takes none of these, or warns.
_HINTS = {
    *("--icf", "--warn-common", "--no-warn-common", "--threads", "--no-threads", "--thread-count"),
    *("-t", "--trace", "--stats", "--verbose", "-M", "--print-map", "-Map", "--Map", "--cref"),
    *("--no-keep-memory", "--reduce-memory-overheads", "-X", "--discard-locals", "--demangle"),
    *("--no-demangle", "--warn-shared-textrel", "--no-warn-mismatch", "--relax", "--no-relax"),
    *("--gdb-index", "--no-gdb-index", "--error-limit", "--spare-dynamic-tags", "--no-omagic"),
    *("--no-copy-dt-needed-entries", "-O", "-O0", "-O1", "-O2", "-O3", "-g", "-m", "-rpath-link"),
    *("--rpath-link", "--warn-once", "-plugin", "--plugin", "-plugin-opt", "--plugin-opt"),
    *("--pack-dyn-relocs", "--insert-timestamp", "--no-insert-timestamp", "-single_module"),
    *("--large-address-aware", "--enable-auto-import", "--enable-runtime-pseudo-reloc"),
    *("--enable-auto-image-base", "--disable-auto-image-base", "-bind_at_load", "-ld_classic"),
    *("-no_warn_duplicate_libraries", "-multiply_defined", "-noall_load", "-reproducible"),
}
_HINTS_OF_Z = {
    *("separate-code", "noseparate-code", "separate-loadable-segments", "combreloc", "text"),
    *("pack-relative-relocs", "nopack-relative-relocs"),
}

_SPELLINGS = {"-h": "-soname", "--undefined": "-u"}

_INSTEAD = {
    "--exclude-libs": "compile what is linked in with -fvisibility=hidden",
    "-Bsymbolic-functions": "-Bsymbolic goes further",
    "--dynamic-list": "a version script says what is exported",
    "--defsym": "an alias can be said in C",
    "--copy-dt-needed-entries": "name each library that is used",
    "--default-symver": "a version script gives versions",
    "-init": "__attribute__((constructor)) says so in C",
    "-fini": "__attribute__((destructor)) says so in C",
}


def linker_words(name: str, equals: str, value: str) -> list[str]:
    """Return the words that say one option; none for a hint.

    `equals` is the sign between name and value, where there is one in the option.
    """
    if name in _HINTS or (name == "-z" and value in _HINTS_OF_Z):
        return []
    if name in _INSTEAD:
        raise Refusal(f"no linker option {name}: {_INSTEAD[name]}")
    if name in _SPELLINGS or name == "--version-script":
        name, equals = _SPELLINGS.get(name, name), ""
    if name in ("-current_version", "-compatibility_version"):
        value = ".".join([*value.split("."), "0", "0"][:3])
    if name.startswith(("-l", "-L")):
        return [f"{name}{equals}{value}"]
    if "," in value:
        return ["-Xlinker", f"{name}={value}"] if equals else ["-Xlinker", name, "-Xlinker", value]
    return [f"-Wl,{name}{equals or ','}{value}" if value else f"-Wl,{name}"]


# The option that says the usual, for each that says a state.
_STATES = {
    "--whole-archive": "--no-whole-archive",
    "--no-whole-archive": "--no-whole-archive",
    "--as-needed": "--no-as-needed",
    "--no-as-needed": "--no-as-needed",
    "-Bstatic": "-Bdynamic",
    "-Bdynamic": "-Bdynamic",
}


class States:
    """What --push-state keeps and --pop-state brings back, which zig has not."""

    def __init__(self) -> None:
        self._now = {usual: usual for usual in _STATES.values()}
        self._kept: list[dict[str, str]] = []

    def words(self, option: str) -> list[str]:
        """Return the words for an option that is about states; none where it is not."""
        if option in _STATES:
            self._now[_STATES[option]] = option
            return [f"-Wl,{option}"]
        if option == "--push-state":
            self._kept.append(dict(self._now))
        elif option == "--pop-state" and self._kept:
            self._now = self._kept.pop()
        else:
            return []
        return [f"-Wl,{one}" for one in self._now.values()]
