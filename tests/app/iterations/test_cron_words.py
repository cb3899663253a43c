import pytest

from app.iterations import cron_words

SAID = {
    "0 3 * * 1": "Every Monday at 03:00.",
    "0 3 * * 7": "Every Sunday at 03:00.",
    "30 4 * * *": "Every day at 04:30.",
    "0 3,15 * * *": "Every day at 03:00 and 15:00.",
    "0 3 * * mon-fri": "Every day from Monday to Friday at 03:00.",
    "0 3 * * 0,3,5": "Every Wednesday, Friday and Sunday at 03:00.",
    "0 3 1 * *": "On the 1st of every month at 03:00.",
    "0 3 2,11,23 1,7 *": "On the 2nd, 11th and 23rd of January and July at 03:00.",
    "0 3 L * *": "On the last day of every month at 03:00.",
    "0 3 * 12 *": "Every day in December at 03:00.",
    "0 3 * * 1#1": "On the first Monday of every month at 03:00.",
    "0 3 * * L5": "On the last Friday of every month at 03:00.",
    "0 3 1 * 1": "On the 1st of every month and every Monday at 03:00.",
    "0 * * * *": "Every hour.",
    "15,45 * * * *": "Every hour at minutes 15 and 45.",
    "0 * * * 1": "Every Monday, every hour.",
    "* * * * *": "Every minute.",
    "* 3 * * *": "Every minute of hour 3.",
    "*/20 1-3 * * *": "Every day at minutes 0, 20 and 40 of hours 1, 2 and 3.",
}


@pytest.mark.parametrize("cron", list(SAID))
def test_a_cron_expression_is_said_in_words(cron: str) -> None:
    assert cron_words.is_understood(cron)
    assert cron_words.sentence(cron) == SAID[cron]


@pytest.mark.parametrize(
    "cron", ["", "0 3 * *", "0 3 * * 8", "61 3 * * 1", "R 3 * * 1", "H 3 * * 1", "0 3 * * 1W", "\0"]
)
def test_what_is_no_cron_expression_is_not_understood(cron: str) -> None:
    assert not cron_words.is_understood(cron)
