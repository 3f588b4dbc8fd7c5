"""Elements of an HTML page; what is text in them is escaped when the page is written."""

from __future__ import annotations

from xml.etree.ElementTree import Element, tostring

Content = Element | str

# Those that a line of the file ends after
_BLOCKS = {
    *("head", "body", "header", "main", "section", "figure", "footer", "style", "title", "meta"),
    *("h1", "h2", "h3", "p", "ul", "li", "dl", "div", "article", "details", "summary"),
    *("table", "caption", "thead", "tbody", "tfoot", "tr", "svg", "g", "desc"),
}


def element(tag: str, *content: Content, **attributes: str | float) -> Element:
    """Make an element: `class_` is the attribute class, `aria_label` is aria-label.

    An attribute whose value is empty is left out.
    """
    named = {
        name.rstrip("_").replace("_", "-"): str(value)
        for name, value in attributes.items()
        if value != ""
    }
    made = Element(tag, named)
    for part in content:
        if isinstance(part, str):
            _append_text(made, part)
        else:
            made.append(part)
    if tag in _BLOCKS:
        made.tail = "\n"
    return made


def written(root: Element) -> str:
    """Return the page's text; a stray byte of a path, which is no text, shows as an escape."""
    text = f"<!DOCTYPE html>\n{tostring(root, encoding='unicode', method='html')}\n"
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _append_text(made: Element, text: str) -> None:
    if len(made):
        made[-1].tail = (made[-1].tail or "") + text
    else:
        made.text = (made.text or "") + text
