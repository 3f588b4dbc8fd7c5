from libwheel.errors import Problem, RecipeError, nearest


def test_a_problem_names_file_key_and_text() -> None:
    assert str(Problem("r/recipe.toml", "build.system", "is missing")) == (
        "r/recipe.toml: build.system: is missing"
    )


def test_a_problem_of_the_whole_file_has_no_key() -> None:
    assert str(Problem("recipe.toml", "", "is not TOML")) == "recipe.toml: is not TOML"


def test_a_recipe_error_lists_every_problem_once_in_order() -> None:
    first, second = Problem("f", "b", "is wrong"), Problem("f", "a", "is wrong")
    error = RecipeError([first, second, first])
    assert error.problems == (first, second)
    assert str(error) == "f: b: is wrong\nf: a: is wrong"


def test_nearest_suggests_a_known_word() -> None:
    assert nearest("versoin", ["abi", "version"]) == " (did you mean 'version'?)"


def test_nearest_is_silent_where_nothing_is_near() -> None:
    assert nearest("colour", ["abi", "version"]) == ""
