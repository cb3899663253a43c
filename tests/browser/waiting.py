"""Waiting for what Playwright's `expect` has no word for."""

from playwright.sync_api import Page

MILLISECONDS, BETWEEN = 5_000, 50


def comes_true(page: Page, expression: str) -> bool:
    """Whether it does within seconds: on a busy machine a page may still be at its old width. Playwright's
    `wait_for_function` asks again from within the page, where our content security policy forbids `eval`."""
    for _ in range(MILLISECONDS // BETWEEN):
        if page.evaluate(expression):
            return True
        page.wait_for_timeout(BETWEEN)
    return False
