"""R's models: what R itself answered, in tests/golden, beside what the package answers."""

import csv
import json
import pathlib

import numpy as np
import pytest
import scoria

GOLDEN = pathlib.Path(__file__).resolve().parents[3] / "tests" / "golden"
CASES = ("gbm_bernoulli", "gbm_multinomial", "linear_lm_terms", "linear_glm_poisson_log", "linear_rqs_five", "multinom_three_na", "lda_formula_na",
         "naivebayes_mixed_na", "polr_logistic", "kmeans_named_na", "nnet_regression_linear_output")


def column_of(values, kind):
    known = [None if value == "NA" else value for value in values]
    if kind in ("integer", "double"):
        return [None if value is None else float(value) for value in known]
    return [None if value is None else value == "TRUE" for value in known] if kind == "logical" else known


def read(case, name):
    with open(GOLDEN / case / name, newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    return dict(zip(header, zip(*rows)))


def options_of(arguments):
    """What `scoria score` was asked: prediction types and R's parameters."""
    pairs = list(zip(arguments[::2], arguments[1::2]))
    types = [kind for name, value in pairs if name == "--type" for kind in value.split(",")]
    return types, dict(value.split("=", 1) for name, value in pairs if name == "--param")


@pytest.mark.filterwarnings("ignore::scoria.PredictionWarning")
@pytest.mark.parametrize("case", CASES)
def test_answers_what_r_answered(case):
    meta = json.loads((GOLDEN / case / "meta.json").read_text())
    rows = {name: column_of(values, meta["columns"][name]["type"]) for name, values in read(case, "input.csv").items()}
    expected = iter(read(case, "expected.csv").values())
    model = scoria.load(GOLDEN / case / "model.rds")
    for run in meta["runs"]:
        types, parameters = options_of(run["args"])
        answers = model.predict_columns(rows, types, parameters)
        assert len(answers) == len(run["columns"])
        for answer in answers.values():
            theirs = next(expected)
            if hasattr(answer, "codes"):
                assert [answer.labels[code] if code >= 0 else "NA" for code in answer.codes] == list(theirs)
                continue
            numbers = [float("nan") if value in ("NA", "NaN") else float(value) for value in theirs]
            np.testing.assert_allclose(answer, numbers, rtol=meta["rel_tolerance"], atol=1e-300)


def test_predict_gives_the_default_type():
    rows = {name: column_of(values, "double") for name, values in read("gbm_bernoulli", "input.csv").items()}
    model = scoria.load(GOLDEN / "gbm_bernoulli" / "model.rds")
    np.testing.assert_allclose(model.predict(rows), model.predict_columns(rows)[model.types[0]], rtol=0)
    assert not hasattr(model, "predict_proba") and "link" in model.types


def test_classes_are_texts_as_r_has_them():
    model = scoria.load(GOLDEN / "gbm_multinomial" / "model.rds")
    assert model.classes_.tolist() == model.description["labels"]


def test_notes_are_warnings():
    meta = json.loads((GOLDEN / "linear_lm_terms" / "meta.json").read_text())
    rows = {name: column_of(values, meta["columns"][name]["type"]) for name, values in read("linear_lm_terms", "input.csv").items()}
    with pytest.warns(scoria.PredictionWarning, match="constant"):
        scoria.load(GOLDEN / "linear_lm_terms" / "model.rds").predict_columns(rows, ["terms"])
