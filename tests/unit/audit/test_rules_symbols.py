from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from libwheel.audit import audit
from libwheel.binaries.binary import Binary, Import, Symbol
from libwheel.recipe import Library
from unit.audit.subjects import (
    BASE_FILE,
    BASE_PATH,
    BINARY,
    HIGH,
    HIGH_PATH,
    compiled,
    messages,
    resolved,
    rules,
    subject,
)
from unit.binaries.compiled import NODE, run

BOTH = resolved(
    Library(name="base", description="A base.", headers=("*.h",)),
    Library(name="high", description="On it.", headers=()),
)


def plain(name: str, version: str | None = NODE) -> Symbol:
    return Symbol(name, version, is_default=True)


def two(folder: Path, high: Binary, rule: str) -> list[str]:
    both = {BASE_PATH: BINARY, HIGH_PATH: high}
    return messages(subject(folder, both, recipe=BOTH), rule)


def test_exports_without_the_node(tmp_path: Path) -> None:
    exports = (*BINARY.exports, plain("bare", None), plain("other", "UP_1"))
    changed = subject(tmp_path, {BASE_PATH: replace(BINARY, exports=exports)})
    (message,) = messages(changed, "export-without-version-node")
    assert message.startswith(
        f"{BASE_PATH}: exports bare and other without the version node {NODE}"
    )


def test_old_versions_of_a_name_may_keep_theirs(tmp_path: Path) -> None:
    old = Symbol("base_value", "UP_1", is_default=False)
    changed = replace(BINARY, exports=(*BINARY.exports, old))
    assert audit(subject(tmp_path, {BASE_PATH: changed})) == ()


def test_imports_without_the_node(tmp_path: Path) -> None:
    loose = replace(HIGH, imports=(Import("base_value", None, None, weak=False),))
    (message,) = two(tmp_path, loose, "import-without-version-node")
    assert message.startswith(f"{HIGH_PATH}: takes base_value from {BASE_FILE} without a version")


@pytest.mark.parametrize(
    "symbol",
    [
        Import("nowhere", None, None, weak=False),
        Import("base_other", NODE, BASE_FILE, weak=False),
        Import("base_value", "UP_1", BASE_FILE, weak=False),
        Import("crc32", "ZLIB_1", "libz.so.1", weak=False),
    ],
)
def test_undefined_symbols(tmp_path: Path, symbol: Import) -> None:
    (message,) = two(tmp_path, replace(HIGH, imports=(symbol,)), "undefined-symbol")
    assert f"uses {symbol.name}, which no library defines that it needs ({BASE_FILE}" in message


def test_what_a_library_defines_that_may_not_be_needed_is_one_finding(tmp_path: Path) -> None:
    symbol = Import("crc32", "ZLIB_1", "libz.so.1", weak=False)
    binary = replace(BINARY, needed=("libz.so.1",), imports=(symbol,))
    assert rules(subject(tmp_path, {BASE_PATH: binary})) == ["undeclared-needed"]


def test_weak_symbols_may_be_undefined(tmp_path: Path) -> None:
    assert two(tmp_path, replace(HIGH, imports=(Import("no", None, None, weak=True),)), "") == []


def test_symbols_without_a_version_are_looked_up_on_the_host(tmp_path: Path) -> None:
    loose = replace(BINARY, imports=(Import("cos", None, None, weak=False),), needed=("libm.so.6",))
    libm = replace(BINARY, exports=(plain("cos", "GLIBC_2.2.5"),))
    found = subject(tmp_path, {BASE_PATH: loose})
    assert rules(found) == ["undefined-symbol"]
    assert audit(replace(found, system={"libm.so.6": libm}.get)) == ()


def test_exports_outside_the_patterns(tmp_path: Path) -> None:
    exports = tuple(plain(name) for name in ("base_value", "_end", *map("z_{}".format, range(44))))
    recipe = resolved(
        Library(name="base", description="A base.", headers=("*.h",), exports=("base_*",))
    )
    changed = subject(tmp_path, {BASE_PATH: replace(BINARY, exports=exports)}, recipe=recipe)
    (message,) = messages(changed, "foreign-export")
    assert " and 36 more, which fit none of `exports` (base_*)" in message
    assert "_end" not in message


def test_patterns_speak_of_upstream_s_names(tmp_path: Path) -> None:
    exports = tuple(plain(name) for name in ("base_value64_", "z64_"))
    recipe = resolved(
        Library(
            name="base",
            description="A base.",
            headers=("*.h",),
            exports=("base_value",),
            suffix="64_",
        )
    )
    changed = subject(tmp_path, {BASE_PATH: replace(BINARY, exports=exports)}, recipe=recipe)
    (message,) = messages(changed, "foreign-export")
    assert "exports z, which fit none of `exports` (base_value)" in message


@pytest.mark.compiles
class TestCompiled:
    def test_an_unedited_library(self, tmp_path: Path) -> None:
        found = compiled(tmp_path, "int base_value(void) { return 1; }", edited=False)
        assert rules(found) == ["export-without-version-node"]

    def test_an_undefined_symbol(self, tmp_path: Path) -> None:
        found = compiled(tmp_path, "int nowhere(void); int base_value(void) { return nowhere(); }")
        (message,) = messages(found, "undefined-symbol")
        assert "uses nowhere" in message

    def test_libm_forgotten(self, tmp_path: Path) -> None:
        source = "double lgamma(double); double base_value(double x) { return lgamma(x); }"
        assert rules(compiled(tmp_path, source)) == ["undefined-symbol"]

    def test_a_static_library_exported_again(self, tmp_path: Path) -> None:
        (tmp_path / "inner.c").write_text("int inner(void) { return 1; }")
        run("gcc", "-c", "-fPIC", "inner.c", "-o", "inner.o", cwd=tmp_path)
        run("ar", "rc", "libinner.a", "inner.o", cwd=tmp_path)
        source = "int inner(void); int base_value(void) { return inner(); }"
        found = compiled(tmp_path, source, tmp_path / "libinner.a")
        recipe = resolved(
            Library(name="base", description="A base.", headers=("*.h",), exports=("base_*",))
        )
        (message,) = messages(replace(found, recipe=recipe), "foreign-export")
        assert "exports inner, which" in message
        hidden = compiled(
            tmp_path, source, tmp_path / "libinner.a", "-Wl,--exclude-libs,libinner.a"
        )
        assert audit(replace(hidden, recipe=recipe)) == ()
