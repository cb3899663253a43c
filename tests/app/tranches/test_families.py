from app.tranches.families import family_of, is_test
from models.dialogue import split_of


def test_a_family_ignores_case_spacing_and_compatibility_forms() -> None:
    assert family_of("  What is\n\tﬁre? ") == family_of("WHAT IS FIRE?")
    assert family_of("What is fire") != family_of("What is fire?")


def test_a_family_is_the_sha256_of_the_normalised_message() -> None:
    # printf 'straße' | python -c '…casefold()…' | sha256sum: fixed, so that other rooms' splits agree with it
    assert family_of("STRASSE") == family_of("Straße")
    assert family_of("hello") == "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"


def test_the_web_and_the_trainers_agree_on_the_split() -> None:
    families = [family_of(f"Message {number}") for number in range(200)]
    assert [is_test(family) for family in families] == [split_of(family) == "test" for family in families]
    assert sum(map(is_test, families)) == 10  # of 200, by these hashes
