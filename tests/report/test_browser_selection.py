"""Choices in a browser: selected models, search, colours, and the address that keeps them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait
from support.browser import Browser

pytestmark = pytest.mark.slow


def _chips(browser: Browser) -> list[str]:
    return [chip.text for chip in browser.find("#chips .name")]


class TestSelection:
    """Tests that share the page; before each test, the selection is reset."""

    @pytest.fixture(autouse=True)
    def _reset(self, wide: Browser) -> None:
        wide.script("choose({ ...DEFAULTS, models: preselected })")

    def test_search_selects_with_the_keyboard(self, wide: Browser) -> None:
        wide.find("#search")[0].click()
        wide.press("kest")
        options = [option.text for option in wide.find("#search-list [role=option]")]
        assert options[0].startswith("Kestrel")
        assert len(options) > 1
        focus = wide.press(Keys.ARROW_DOWN)
        field = wide.find("#search")[0]
        assert focus == "search"
        assert field.get_attribute("aria-activedescendant") == "search-1"
        assert field.get_attribute("aria-expanded") == "true"
        wide.press(Keys.ENTER)
        assert len(_chips(wide)) == 3
        assert _chips(wide)[2].startswith("Kestrel")
        assert "selected; 3 of 5 models" in wide.script("return byId('announcement').textContent")

    def test_enter_selects_the_model_with_exactly_this_name(self, wide: Browser) -> None:
        found = "return findModels('murmur 1').map(model => model.name)"
        longer_first = f"searched.reverse(); {found}"
        assert wide.script(found) == ["Murmur 1", "Murmur 1 Lite"]
        assert wide.script(longer_first) == ["Murmur 1", "Murmur 1 Lite"]
        wide.find("#search")[0].click()
        for _ in range(2):
            wide.press("murmur 1")
            wide.press(Keys.ENTER)
            assert _chips(wide)[2:] == ["Murmur 1"], "the second time, it stays selected"

    def test_dot_and_row_select_a_model_in_every_section(self, wide: Browser) -> None:
        before = _chips(wide)
        ActionChains(wide.driver, duration=0).click(
            wide.find("#value-chart .points_marks path")[0]
        ).perform()
        wide.settle()
        assert len(_chips(wide)) == 3
        assert _chips(wide)[:2] == before
        wide.click("#changes-table button.model[aria-pressed=false]")
        assert len(_chips(wide)) == 4
        named = [cell.text for cell in wide.find("#facts thead th")]
        assert named == _chips(wide)
        wide.click("#chips .remove")
        assert _chips(wide) == named[1:]

    def test_colour_of_a_model_is_the_same_in_every_section(self, wide: Browser) -> None:
        colours = wide.script("""
            const id = state.models[1];
            const painted = selector => getComputedStyle(document.querySelector(selector));
            return [
                painted("#chips li:nth-child(2) .swatch").backgroundColor,
                painted(`#leaders-table button[data-model="${id}"] .swatch`).backgroundColor,
                painted(`#value-table button[data-model="${id}"] .swatch`).backgroundColor,
                painted("#facts thead th:nth-child(3) .swatch").backgroundColor,
                ...[...document.querySelectorAll("#value-chart .points_marks path")]
                    .filter(it => it.ariaLabel.startsWith(models.get(id).name))
                    .map(it => getComputedStyle(it).fill),
                ...[...document.querySelectorAll("#history-chart .points_marks path")]
                    .filter(it => it.ariaLabel.startsWith(models.get(id).name))
                    .map(it => getComputedStyle(it).fill),
            ];
        """)
        assert len(colours) > 5
        assert len(set(colours)) == 1

    def test_model_keeps_its_colour_when_another_one_is_removed(self, wide: Browser) -> None:
        colour = "return colourOf(arguments[0])"
        second = wide.script("return state.models[1]")
        before = wide.script(colour, second)
        wide.click("#chips .remove")
        assert wide.script(colour, second) == before

    def test_sixth_model_is_refused_with_an_announcement(self, wide: Browser) -> None:
        wide.script(
            "[...models.keys()].filter(id => !state.models.includes(id)).slice(0, 3)"
            ".forEach(toggleModel)"
        )
        assert len(_chips(wide)) == 5
        assert not wide.find("#full")[0].is_displayed()
        wide.click("#leaders-table button.model[aria-disabled=true]")
        assert len(_chips(wide)) == 5
        assert "five models are selected" in wide.script("return byId('announcement').textContent")
        assert wide.text("full") == "Five models are selected; remove one first."
        assert not wide.find("button.model[aria-disabled=true][aria-pressed=true]")
        wide.click("#chips .remove")
        assert not wide.find("#full:not([hidden]), button.model[aria-disabled=true]")

    def test_address_keeps_all_choices_and_the_back_button_restores_them(
        self, wide: Browser, sample_page: Path
    ) -> None:
        wide.choose("score", "category code")
        wide.choose("input", "50")
        wide.click("#open")
        wide.script("toggleModel(modelsByText.get('kestrel-2-pro'))")
        expected = wide.script("return [state, byId('value-note').textContent]")
        address = wide.driver.current_url
        wide.driver.back()
        WebDriverWait(wide.driver, 5).until(lambda _: len(_chips(wide)) == 2)
        wide.settle()
        assert wide.script("return state.open") == "yes"
        wide.open(sample_page, choices=address[address.index("#") :])
        assert wide.script("return [state, byId('value-note').textContent]") == expected
        assert "kestrel-2-pro" in address
        assert wide.find("#open")[0].is_selected()
        assert wide.find("#input")[0].get_attribute("value") == "50"

    def test_each_choice_and_each_typed_number_is_a_step_of_the_back_button(
        self, wide: Browser
    ) -> None:
        def chosen() -> Any:
            return wide.script("return [state.score, state.input, state.output]")

        def chosen_before() -> Any:
            latest = chosen()
            wide.driver.back()
            WebDriverWait(wide.driver, 5).until(lambda _: chosen() != latest)
            return chosen()

        wide.choose("score", "category code")
        for control, keys in (("input", "50"), ("output", "10")):
            wide.find(f"#{control}")[0].send_keys(keys)
        assert chosen() == ["category code", "50", "10"]
        assert chosen_before() == ["category code", "50", ""]
        assert chosen_before() == ["category code", "", ""]
        assert wide.find("#input")[0].get_attribute("value") == ""
        assert chosen_before() == ["category overall", "", ""]

    def test_unknown_models_in_the_address_are_dropped(
        self, wide: Browser, sample_page: Path
    ) -> None:
        wide.open(sample_page, choices="#m1=no-such-model&m3=quill-coder-1&score=benchmark+none")
        assert _chips(wide) == ["Quill Coder 1"]
        assert wide.script("return colourOf(state.models[2])") == "var(--model-3)"
        hash = (
            "#score=benchmark+nope&board=nope&days=xyz&context=abc&min=abc&open=maybe&seller=nope"
            "&scope=independent&m1=quill-coder-1&m2=quill-coder-1&m4=quill-coder-1"
        )
        wide.open(sample_page, choices=hash)
        assert wide.script(
            "return Object.keys(DEFAULTS).filter(key => state[key] !== DEFAULTS[key])"
        ) == ["scope"]
        assert _chips(wide) == ["Quill Coder 1"]
        assert wide.console_messages() == []
