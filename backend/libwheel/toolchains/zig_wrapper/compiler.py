"""Options of the compiler."""

from __future__ import annotations

from .target import Refusal, Target

# Those whose value is the next word.
WITH_VALUE = {
    *("-o", "-x", "-I", "-D", "-U", "-L", "-l", "-u", "-e", "-T", "-F", "-include", "-imacros"),
    *("-isystem", "-idirafter", "-iquote", "-iprefix", "-iwithprefix", "-isysroot", "--sysroot"),
    *("-MF", "-MT", "-MQ", "-Xclang", "-Xpreprocessor", "-Xassembler", "-mllvm", "--param"),
    *("-arch", "-framework", "-weak_framework", "-weak_library", "-undefined", "-bundle_loader"),
    *("-dumpdir", "-dumpbase"),
}

# What zig warns of, because it does so anyway or has but one way; and what the target says already.
# It takes -mtune for -march: code that was to be fast on one processor would run on no other.
_HINTS = {
    *("-static-libgcc", "-shared-libgcc", "-static-libstdc++", "-fuse-ld", "-mtune"),
    *("-fno-working-directory", "-mmacosx-version-min", "-mthreads", "-mconsole", "-mwindows"),
    *("-mdll", "-single_module", "-dead_strip_dylibs"),
}

# Processors that zig does not call as gcc does, with `_` in the place of `-` and `.`.
_CPUS = {
    "core-avx2": "haswell",
    "core-avx-i": "ivybridge",
    "corei7-avx": "sandybridge",
    "ares": "neoverse_n1",
    "zeus": "neoverse_v1",
}

# Extensions of aarch64 that zig does not call as gcc does.
_EXTENSIONS = {
    "fp": "fp_armv8",
    "simd": "neon",
    "fp16": "fullfp16",
    "rng": "rand",
    "memtag": "mte",
    "profile": "spe",
    "rdma": "rdm",
    "crypto": "aes+sha2",
    "sve2-aes": "sve_aes",
    "sve2-sha3": "sve_sha3",
    "sve2-sm4": "sve_sm4",
    "sve2-bitperm": "sve_bitperm",
}


def compiler_words(word: str, name: str, value: str, target: Target) -> list[str]:
    """Return the words that say one option; none for a hint.

    `name` is the word up to its equals sign, and `value` what comes behind or is the next word.
    """
    if name in _HINTS or (word in ("-isysroot", "--sysroot") and not target.is_elf):
        return []
    if word == "-arch":
        return _of_arch(value, target)
    if word in WITH_VALUE:
        return [word, value]
    if name in ("-march", "-mcpu"):
        return [f"{name}={cpu(value)}"]
    if name == "-flto" and value not in ("", "thin", "full"):
        return ["-flto"]  # the value is how many processes link
    if word == "-m32":
        raise Refusal(f"{word} is not for {target.arch}: leave it out")
    return [word]


def _of_arch(arch: str, target: Target) -> list[str]:
    """Return nothing: zig takes more from -arch than the machine."""
    if {"arm64": "aarch64"}.get(arch, arch) != target.arch:
        raise Refusal(f"-arch {arch} is not the target's, {target.arch}: leave it out")
    return []


def cpu(name: str) -> str:
    """Return zig's name for what gcc's -march or -mcpu calls `name`."""
    if name == "native":
        raise Refusal("`native` would make the result depend on this machine: name a processor")
    base, *extensions = name.split("+")
    base = _CPUS.get(base, base)
    if base.startswith("armv"):
        version = base[3:].replace(".", "_").replace("-", "")
        base = "generic" if version == "v8a" else f"generic+{version}"
    return "".join([base.replace("-", "_"), *map(_extension, extensions)])


def _extension(name: str) -> str:
    is_off = name.startswith("no")
    known = name[2:] if is_off else name
    sign = "-" if is_off else "+"
    return sign + _EXTENSIONS.get(known, known.replace("-", "_")).replace("+", sign)
