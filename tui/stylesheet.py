"""Textual's style sheet, with what it works out again for each node and screen kept instead."""

import os
from collections.abc import Iterator
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from textual.cache import LRUCache
from textual.css.model import RuleSet
from textual.css.styles import RenderStyles, RulesMap
from textual.css.stylesheet import CssSource, Stylesheet
from textual.dom import DOMNode

from engine.config.process.pinned_code import pinned_text

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_SOURCES = 4096
"""Number of parsed sources that are kept; Textual's own 64 are fewer than one screen has."""

_Narrowed = tuple[list[RuleSet], dict[str, list[RuleSet]]]
"""Rules that may apply to a node: in their order, and by the selectors that name it."""


class DashboardStylesheet(Stylesheet):
    """A style sheet that parses a source once, and looks at few rules per node.

    The styles that it gives are those of Textual's own.
    """

    def __init__(self, *, variables: dict[str, str] | None = None) -> None:
        super().__init__(variables=variables)
        self._parse_cache = LRUCache(MOST_SOURCES)
        self._narrowed: dict[frozenset[str], _Narrowed] = {}
        self._narrowed_from: list[RuleSet] = []
        self._whole: _Narrowed | None = None

    def set_variables(self, variables: dict[str, str]) -> None:
        """Set the variables; what was parsed with the same ones stays."""
        if variables != self._variables:
            super().set_variables(variables)

    def read(self, filename: str | PurePath) -> None:
        """Read a file of styles, as it was when the dashboard began."""
        path = os.path.abspath(filename)  # noqa: PTH100 - Textual's own key of a source
        css = pinned_text(path)
        if css is None:
            super().read(filename)
        else:
            self.source[path, ""] = CssSource(css, False, 0)
            self._require_parse = True

    def copy(self) -> "DashboardStylesheet":
        """Return a copy."""
        sheet = DashboardStylesheet(variables=self._variables.copy())
        sheet.source = self.source.copy()
        return sheet

    def reparse(self) -> None:
        """Parse the sources that are new, or all if variables have changed.

        Raises:
            StylesheetError: A source is invalid; the rules stay as they were.
        """
        self.parse()

    def apply(
        self, node: DOMNode, *, animate: bool = False, cache: dict[Any, RulesMap] | None = None
    ) -> None:
        """Apply to a node the rules whose selectors name it."""
        before = self._whole
        whole = self._whole = before or (self.rules, self.rules_map)
        around = self._rules, self._rules_map
        self._rules, self._rules_map = self._narrow(whole, frozenset(node._selector_names))
        try:
            super().apply(node, animate=animate, cache=cache)
        finally:
            self._rules, self._rules_map = around
            self._whole = before

    def _narrow(self, whole: _Narrowed, names: frozenset[str]) -> _Narrowed:
        """Return the rules with a selector that ends in one of some names."""
        rules, rules_map = whole
        if rules is not self._narrowed_from:
            self._narrowed.clear()
            self._narrowed_from = rules
        if names not in self._narrowed:
            by_name = {name: rules_map[name] for name in names & rules_map.keys()}
            wanted = {id(rule) for named in by_name.values() for rule in named}
            self._narrowed[names] = [rule for rule in rules if id(rule) in wanted], by_name
        return self._narrowed[names]

    @classmethod
    def replace_rules(cls, node: DOMNode, rules: RulesMap, animate: bool = False) -> None:
        """Give a node its rules, unless it has just these."""
        if node.styles.base._rules == rules:
            node.notify_style_update()
        else:
            super().replace_rules(node, rules, animate=animate)

    def _process_component_classes(self, node: DOMNode) -> None:
        """Work out again the styles of the components with which a node has drawn, no others."""
        if not (names := node._get_component_classes()):
            return
        before = node._component_styles
        styles = node._component_styles = _Components(self, node, names)
        is_new = not isinstance(before, _Components)
        if is_new or any(styles[name] != style for name, style in before.items()):
            node.refresh()


class _Components(dict[str, RenderStyles]):
    """Styles of a node's components, each worked out when it is first asked for."""

    def __init__(self, sheet: DashboardStylesheet, node: DOMNode, names: "Iterable[str]") -> None:
        super().__init__()
        self._sheet = sheet
        self._node = node
        self._names = frozenset(names)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __missing__(self, name: str) -> RenderStyles:
        if name not in self._names:
            raise KeyError(name)
        component = DOMNode(classes=name)
        component._attach(self._node)
        self._sheet.apply(component)
        self[name] = component.styles
        return component.styles
