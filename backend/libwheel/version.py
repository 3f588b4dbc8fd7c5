"""libwheel's own version; meson.build says the same."""

__version__ = "0.1.0"
