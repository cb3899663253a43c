"""What is typed becomes words and nothing else."""

import pytest
from sqlalchemy import Engine, text

from app.explorer.words import OnlyExcluded, Part, Term, Wanted

ODD = [
    '"', '""', '"""', "'", "';--", "a'b", '"a" "', "(", ")", "()", "a)", "NOT", "a NOT", "AND OR", "NEAR(a b)",
    "a NEAR/2", "a:b", "words:a", "^a", "a + b", "*", "a*", "**", "-", "--", "a -", "-*", 'a -"', "a | b", "a & !b",
    "a <-> b", "\\", "a\x00b", "%", "100%", ":x", "{a}", "[a]", "🌿", "a🌿b", "한국어 검색", "日本語", "हिन्दी", "é",
    "x" * 300, "a " * 150, "0x1F", "-5 3.14", "and/or", "c++", "user@example.org", "http://a.b/c?d=e", "1e5x",
    "'a' & 'b", "‐", "…", "a\u2028b", "\u200b",
]  # fmt: skip


@pytest.mark.parametrize("typed", ODD)
def test_nothing_that_one_types_is_an_error_of_a_database(engine: Engine, typed: str) -> None:
    try:
        wanted = Wanted.read(typed)
    except OnlyExcluded:
        return
    if wanted is None:
        assert not any(character.isalnum() for character in typed)
        return
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            query = text("SELECT count(*) FROM catalogue_words WHERE catalogue_words MATCH :words")
            assert connection.scalar(query, {"words": wanted.fts5()}) == 0
        else:
            query = text("SELECT count(*) FROM catalogue_words WHERE words @@ to_tsquery('simple', :words)")
            assert connection.scalar(query, {"words": wanted.tsquery()}) == 0
    wanted.passage(f"before {typed} after")


def test_words_phrases_beginnings_and_what_must_not_be_there() -> None:
    wanted = Wanted.read('basil "on the sill" herb* -mint -"dead leaves"')
    assert wanted == Wanted(
        terms=(Term(("basil",), False), Term(("on", "the", "sill"), False), Term(("herb",), True)),
        without=(Term(("mint",), False), Term(("dead", "leaves"), False)),
    )
    assert wanted.fts5() == '("basil" AND "on the sill" AND "herb" *) NOT "mint" NOT "dead leaves"'
    assert (
        wanted.tsquery() == "('basil') & ('on' <-> 'the' <-> 'sill') & ('herb':*) & !('mint') & !('dead' <-> 'leaves')"
    )


def test_a_search_that_only_excludes_says_what_to_do() -> None:
    with pytest.raises(OnlyExcluded, match="at least one word"):
        Wanted.read("-mint")


@pytest.mark.parametrize(
    ("typed", "said", "found"),
    [
        ("basil", "My BASIL dies.", True),
        ("basil", "My basilisk dies.", False),
        ("basil*", "My basilisk dies.", True),
        ('"my basil"', "my (own) basil, my-basil", True),
        ('"my basil"', "basil my", False),
        ("basil dies", "It dies, the basil", True),
        ("basil -dies", "It dies, the basil", False),
        ("don't", "I DON’T know", True),
    ],
)
def test_a_passage_agrees_with_the_search(typed: str, said: str, found: bool) -> None:
    wanted = Wanted.read(typed)
    assert wanted is not None
    assert wanted.is_in(said) is found


def test_a_passage_marks_each_match_and_leaves_the_text_as_it_is() -> None:
    wanted = Wanted.read("basil oil*")
    assert wanted is not None
    said = "<b>Basil</b> in oil. Oils, and basil."
    parts = wanted.passage(said)
    assert "".join(part.text for part in parts) == said
    assert [part.text for part in parts if part.is_match] == ["Basil", "oil", "Oil", "basil"]


def test_a_passage_is_a_window_around_the_first_match() -> None:
    wanted = Wanted.read("needle")
    assert wanted is not None
    first, *_, last = parts = wanted.passage("hay " * 500 + "needle " + "hay " * 500)
    assert (first, last.text[-2:]) == (Part("… ", False), " …")
    assert Part("needle", True) in parts
    assert sum(len(part.text) for part in parts) < 260
