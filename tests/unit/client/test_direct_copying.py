"""Bytes go into iroh by one copy, not by a loop."""

import os
from importlib import import_module
from typing import Any

import pytest

from chatapp.client.direct_copying import install

BINDING: Any = import_module("iroh.iroh_ffi")


def test_the_installed_version_is_one_that_it_was_tried_with() -> None:
    assert install()


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 65_536, 1_000_003])
def test_what_goes_in_comes_out(size: int) -> None:
    install()
    data, converter = os.urandom(size), BINDING._UniffiFfiConverterBytes  # noqa: SLF001
    assert converter.lift(converter.lower(data)) == data


def test_it_serves_all_that_is_written() -> None:
    install()
    several = [b"one", b"", os.urandom(70_000)]
    converter = BINDING._UniffiFfiConverterSequenceBytes  # noqa: SLF001
    assert converter.lift(converter.lower(several)) == several
