"""What a crowdworker does on the page, with a mouse, a thumb, or no more than a keyboard."""

from typing import Protocol

from playwright.sync_api import Locator, Page, expect

# Chromium reports the 401 by which the page learns that nobody is signed in.
SIGNED_OUT_AT_FIRST = "Failed to load resource: the server responded with a status of 401 (Unauthorized)"

# The same in every language.
BOX = "textarea"
SCALE = "[data-strength='1']:enabled"


class Hand(Protocol):
    def press(self, target: Locator) -> None: ...

    def write(self, field: Locator, text: str) -> None: ...

    def rate(self, page: Page, question: str, value: int) -> None: ...

    def choose(self, page: Page, step: str, key: str) -> None: ...

    def send(self, page: Page) -> None: ...


class Mouse:
    def press(self, target: Locator) -> None:
        target.click()

    def write(self, field: Locator, text: str) -> None:
        field.fill(text)

    def rate(self, page: Page, question: str, value: int) -> None:
        self.press(page.get_by_role("group", name=question).get_by_role("radio", name=str(value)))

    def choose(self, page: Page, step: str, key: str) -> None:
        self.press(page.get_by_role("button", name=f"{key}: {step}"))

    def send(self, page: Page) -> None:
        self.press(page.get_by_role("button", name="Send", exact=True))


class Thumb(Mouse):
    def press(self, target: Locator) -> None:
        target.tap()


class Keyboard:
    """Walks by Tab, and so proves that everything it presses can be reached."""

    def press(self, target: Locator) -> None:
        self._reach(target)
        target.page.keyboard.press("Space" if target.get_attribute("type") in ("checkbox", "radio") else "Enter")

    def write(self, field: Locator, text: str) -> None:
        self._reach(field)
        field.page.keyboard.type(text)

    def rate(self, page: Page, question: str, value: int) -> None:
        first = page.get_by_role("group", name=question).get_by_role("radio").first
        self.press(first)
        for _ in range(1, value):
            page.keyboard.press("ArrowRight")

    def choose(self, page: Page, step: str, key: str) -> None:
        page.keyboard.press(key)

    def send(self, page: Page) -> None:
        page.keyboard.press("Control+Enter")

    def _reach(self, target: Locator) -> None:
        expect(target).to_be_enabled()
        for _ in range(60):
            if target.evaluate("element => element === document.activeElement"):
                return
            target.page.keyboard.press("Tab")
        raise AssertionError(f"{target} cannot be reached by the Tab key")


def join(page: Page) -> None:
    """From nothing to the first, empty conversation of the first task."""
    page.goto("/")
    page.get_by_role("link", name="Create an account").click()
    sign_up(page, Mouse())
    page.get_by_role("button", name="Start", exact=True).first.click()
    page.get_by_role("dialog").get_by_role("button", name="Got it").click()
    expect(page.get_by_role("heading", name="Conversation 1 of 5")).to_be_visible()


def sign_up(page: Page, hand: Hand) -> None:
    # The sign-in form, which has the same fields, stays until the next page has been fetched.
    expect(page.get_by_role("heading", name="Create an account")).to_be_visible()
    hand.write(page.get_by_label("User name"), "ada")
    hand.write(page.locator("input[name=password]"), "correct horse")
    hand.press(page.get_by_label("I have read this and agree"))
    hand.press(page.get_by_role("button", name="Create an account"))


def open_assignment(page: Page, task: str) -> str:
    """Take a task as the page does, and go to it: works in every language."""
    page.goto("/messages")  # a page of its own origin, for the requests of the next line
    assignment: dict[str, str] = page.evaluate(
        """async (task) => {
          const {csrf_token} = await (await fetch('/api/v1/session')).json()
          const headers = {'X-CSRF-Token': csrf_token, 'Content-Type': 'application/json'}
          const asked = fetch('/api/v1/assignments', {method: 'POST', headers, body: JSON.stringify({task})})
          return (await asked).json()
        }""",
        task,
    )
    page.goto(f"/assignments/{assignment['id']}")
    return assignment["id"]


def say(page: Page, text: str) -> None:
    page.get_by_label("Your message").fill(text)
    page.keyboard.press("Control+Enter")


def wait_for_both(page: Page, side: str = "A is better") -> None:
    expect(page.get_by_role("button", name=f"{side}, barely")).to_be_enabled()
