"""What the person who builds may set: `-C` settings and environment variables."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from libwheel.errors import BuildError, nearest
from libwheel.recipe import Option
from libwheel.target import NATIVE, Target
from libwheel.target import parse as parse_target


@dataclass(frozen=True)
class Settings:
    """The `-C` settings of one call.

    `version`: the release to build, None for the default one. `jobs`: how many compilers run
    at once. `work_dir`: keep the build tree there. `source`: a local folder or archive in
    place of the release's. `bundle_sources`: put the verified archives into the sdist.
    `launcher`: what runs the compilers, None for the first that is found.
    `chosen`: the values that are given for the recipe's own options.
    """

    version: str | None
    jobs: int
    work_dir: Path | None
    source: Path | None
    bundle_sources: bool
    target: Target | None = None
    toolchain: str | None = None
    launcher: str | None = None
    chosen: Mapping[str, str] = field(default_factory=dict)

    @property
    def for_siblings(self) -> dict[str, str]:
        """What another recipe is given, whose wheel goes with this one's, and is made likewise."""
        name = self.target and str(self.target)
        given = {"target": name, "toolchain": self.toolchain, "launcher": self.launcher}
        return {"jobs": str(self.jobs), **{key: value for key, value in given.items() if value}}


TOOLCHAINS = ("native", "zig")
LAUNCHERS = ("ccache", "sccache", "distcc")  # the first that is found is used
NO_LAUNCHER = "none"

HELP = {
    "version": "the release to build; default: the recipe's first",
    "jobs": "how many compilers run at once; default: the processors this process may use",
    "work-dir": "keep the build tree in this folder, an absolute path; default: a temporary one",
    "source": "a local folder or archive, an absolute path, to build instead of the release's",
    "target": f"what the wheel is for, as `x86_64-linux-gnu.2.17`; default: `{NATIVE}`",
    "toolchain": "`native` or `zig`; default: native for the target `native`, if there is one",
    "launcher": "`ccache`, `sccache`, `distcc` or `none`; default: the first that is on PATH",
    "sdist-sources": "`bundle`: put the upstream archives into the sdist; default: `none`",
}

PATHS = ("work-dir", "source")


def parse(
    config: Mapping[str, str | Sequence[str]] | None, options: Sequence[Option] = ()
) -> Settings:
    """Read a frontend's `config_settings`; `options` are the recipe's own.

    Raises BuildError for an unknown key, a key that is given twice, an empty or unusable value.
    """
    given = dict(config or {})
    helped = {**HELP, **{option.name: option.description for option in options}}
    _stop_for_unknown_settings(given, helped)
    values = {name: _one(name, value, helped[name]) for name, value in given.items()}
    chosen = {o.name: _chosen(o, values[o.name]) for o in options if o.name in values}
    work_dir, source = _places(values)
    bundle_sources = _bundle(values.get("sdist-sources", "none"))
    if source and bundle_sources:
        raise BuildError(
            "-C source and -C sdist-sources=bundle do not go together: an sdist holds archives "
            "whose hashes the recipe has, not a local source"
        )
    return Settings(
        version=values.get("version"),
        jobs=_jobs(values.get("jobs")),
        work_dir=work_dir,
        source=source,
        bundle_sources=bundle_sources,
        target=parse_target(values.get("target", NATIVE)),
        toolchain=_one_of("toolchain", values.get("toolchain"), TOOLCHAINS),
        launcher=_one_of("launcher", values.get("launcher"), (*LAUNCHERS, NO_LAUNCHER)),
        chosen=chosen,
    )


def _stop_for_unknown_settings(given: Iterable[str], known: Mapping[str, str]) -> None:
    unknown = sorted(name for name in given if name not in known)
    own = [name for name in known if name not in HELP]
    lines = [f"unknown setting -C {name}{nearest(name, known)}" for name in unknown]
    lines.append(f"known: {', '.join(HELP)}")
    lines += [f"options of this recipe: {', '.join(own)}"] if own else []
    if unknown:
        raise BuildError("\n".join(lines))


def _places(values: Mapping[str, str]) -> tuple[Path | None, Path | None]:
    """Return the work-dir and the source."""
    paths = {name: _absolute(name, values[name]) for name in PATHS if name in values}
    work_dir = spaceless("work-dir", paths["work-dir"]) if "work-dir" in paths else None
    source = _existing(paths["source"]) if "source" in paths else None
    if source and work_dir and source.resolve().is_relative_to(work_dir.resolve()):
        raise BuildError(f"-C source: {source} is in -C work-dir, which every build empties")
    return work_dir, source


def _chosen(option: Option, value: str) -> str:
    if value not in option.values:
        wanted = " or ".join(map(repr, option.values))
        near = nearest(value, option.values)
        raise BuildError(f"-C {option.name} must be {wanted}, not {value!r}{near}")
    return value


def _one(name: str, value: str | Sequence[str], meaning: str) -> str:
    if not isinstance(value, str):
        raise BuildError(f"-C {name} is given {len(value)} times; once is enough")
    if not value:
        raise BuildError(f"-C {name} has no value: {meaning}")
    return value


def _jobs(value: str | None) -> int:
    if value is None:
        return len(os.sched_getaffinity(0))
    if value.isdecimal() and int(value) > 0:
        return int(value)
    raise BuildError(f"-C jobs must be a number of at least 1, not {value!r}")


def _one_of(name: str, value: str | None, known: Sequence[str]) -> str | None:
    if value is None or value in known:
        return value
    wanted = " or ".join(map(repr, known))
    raise BuildError(f"-C {name} must be {wanted}, not {value!r}{nearest(value, known)}")


def _absolute(name: str, value: str) -> Path:
    if Path(value).is_absolute():
        return Path(value)
    raise BuildError(
        f"-C {name} must be an absolute path, not {value!r}: a frontend may build in any folder"
    )


def _existing(path: Path) -> Path:
    if not path.exists():
        raise BuildError(f"-C source names {path}, which is not there")
    return path


def spaceless(name: str, path: Path) -> Path:
    """Return `path`; raises BuildError where the setting `name` cannot be it."""
    if len(str(path).split()) == 1:
        return path
    raise BuildError(f"-C {name} must have no white space: make and configure cannot: {path}")


def _bundle(value: str) -> bool:
    if value not in ("none", "bundle"):
        raise BuildError(f"-C sdist-sources must be 'bundle' or 'none', not {value!r}")
    return value == "bundle"


_END_OF_TIME = 2**32  # of gzip, and nearly of zip

_PREFIX = "LIBWHEEL_"
_CACHE = "LIBWHEEL_CACHE"
_MIRRORS = "LIBWHEEL_MIRRORS"
_DEBIAN_MIRROR = "LIBWHEEL_DEBIAN_MIRROR"

VARIABLES = (_CACHE, _MIRRORS, _DEBIAN_MIRROR)  # all that begin with LIBWHEEL_

CACHE_HINT = f"{_CACHE} names another folder for the cache"  # where it cannot be written to

OUTPUT_HINT = "-o names another folder for the output"

_OF_LAUNCHERS = tuple(f"{name.upper()}_" for name in LAUNCHERS)

IGNORED_VARIABLES = ("CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS")


@dataclass(frozen=True)
class Environment:
    """What libwheel takes from the environment variables, read once.

    `cache`: the cache folder. `mirrors`: folders or URLs tried first by file name.
    `debian_mirror`: a URL in place of what apt's configuration names. `cc`, `cxx`: the native
    compilers, empty for the usual ones. `path`: where programs are looked for. `epoch`: the
    time of every file in what is built, in seconds since 1970 (SOURCE_DATE_EPOCH).
    `ignored`: variables that are set and that no build sees. `launching`: those of compiler
    launchers; there may be passwords in them.
    """

    cache: Path
    home: Path | None
    mirrors: tuple[str, ...]
    debian_mirror: str | None
    cc: str
    cxx: str
    path: str
    epoch: int | None
    ignored: tuple[str, ...]
    launching: Mapping[str, str] = field(default_factory=dict)


def environment(variables: Mapping[str, str]) -> Environment:
    """Read the environment variables that README.md lists.

    Raises BuildError for a value that cannot be used, and for a name that begins with
    LIBWHEEL_ and is none of them.
    """
    stop_for_unknown(variables)
    home = variables.get("HOME")
    return Environment(
        cache=_cache(variables),
        home=Path(home) if home else None,
        mirrors=tuple(map(_mirror, variables.get(_MIRRORS, "").split())),
        debian_mirror=_debian_mirror(variables.get(_DEBIAN_MIRROR, "")),
        cc=variables.get("CC", ""),
        cxx=variables.get("CXX", ""),
        path=variables.get("PATH", os.defpath),
        epoch=epoch(variables),
        ignored=tuple(name for name in IGNORED_VARIABLES if variables.get(name)),
        launching={n: v for n, v in variables.items() if n.startswith(_OF_LAUNCHERS)},
    )


def stop_for_unknown(variables: Iterable[str]) -> None:
    """Raise BuildError where a name begins with LIBWHEEL_ and is none of ours."""
    own = {name for name in variables if name.startswith(_PREFIX)}
    if unknown := sorted(own.difference(VARIABLES)):
        known = f"known: {', '.join(VARIABLES)}"
        raise BuildError("\n".join([*map(_unknown, unknown), known]))


def _unknown(name: str) -> str:
    """Say so, with the nearest name; the prefix, which all have, makes none of them near."""
    rest = name.removeprefix(_PREFIX)
    near = [known for known in VARIABLES if nearest(rest, [known.removeprefix(_PREFIX)])]
    return f"unknown environment variable {name}{nearest(name, near)}"


def _mirror(entry: str) -> str:
    is_folder = entry.startswith("/") and os.access(f"{entry}/", os.X_OK)
    if is_folder or _is_url(entry):
        return entry
    raise BuildError(
        f"{_MIRRORS}: {_shown(entry)!r} is not an http, https or file URL, nor the absolute path "
        "of a folder that is there; a folder with a space is written as file:///...%20..."
    )


def _debian_mirror(value: str) -> str | None:
    if not value or _is_url(value):
        return value or None
    raise BuildError(f"{_DEBIAN_MIRROR} must be an http, https or file URL, not {_shown(value)!r}")


def _is_url(value: str) -> bool:
    try:
        host = urlsplit(value).hostname
    except ValueError:
        return False
    is_whole = value.startswith("file:/") or (value.startswith(("http://", "https://")) and host)
    return bool(is_whole) and value.split() == [value]


def _shown(value: str) -> str:
    """Return `value` without what may be a password: a path has none."""
    _, at, rest = value.rpartition("@")
    return f"...{at}{rest}" if at and not value.startswith("/") else value


def _cache(variables: Mapping[str, str]) -> Path:
    """Return the cache folder; a relative XDG_CACHE_HOME counts as none, as its standard says."""
    chosen = variables.get(_CACHE, "")
    if chosen and not Path(chosen).is_absolute():
        raise BuildError(
            f"{_CACHE} must be an absolute path, not {chosen!r}: a frontend may build in any folder"
        )
    if chosen:
        return Path(chosen)
    xdg = Path(variables.get("XDG_CACHE_HOME", ""))
    home = variables.get("HOME")
    if not xdg.is_absolute() and not home:
        raise BuildError(f"no place for the cache: set {_CACHE}, XDG_CACHE_HOME or HOME")
    return (xdg if xdg.is_absolute() else Path(f"{home}/.cache").absolute()) / "libwheel"


def epoch(variables: Mapping[str, str]) -> int | None:
    """Return what SOURCE_DATE_EPOCH says, None where it is not set; BuildError for no number."""
    value = variables.get("SOURCE_DATE_EPOCH")
    if value is None:
        return None
    if not value.isdecimal() or int(value) >= _END_OF_TIME:
        raise BuildError(
            f"SOURCE_DATE_EPOCH must be a number of seconds since 1970, before 2106, not {value!r}"
        )
    return int(value)
