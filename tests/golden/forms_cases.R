# Golden cases of polr, lda, qda, naiveBayes, kmeans, prcomp and princomp. Sourced by make_golden.R at top level.

form_case <- function(package, ...) golden_case(package = package, ..., tolerance = 1e-12, fail_args = list())

# Rows in which max.col() draws lots: another value is within 1e-5 of the largest, relatively.
near_ties <- function(p) {
  p <- as.matrix(p)
  unname(which(apply(p, 1, function(v) !anyNA(v) && sum(v >= max(v) - 1e-5 * max(abs(v[is.finite(v)]))) > 1)))
}
three_of <- function(d, seed) {
  set.seed(seed)
  cut(d$signal + rnorm(nrow(d), 0, 0.8), c(-Inf, 0, 1.2, Inf), c("low", "mid", "high"))
}
two_of <- function(d, seed) {
  set.seed(seed)
  factor(ifelse(d$signal + rnorm(nrow(d), 0, 0.8) > 0.5, "yes", "no"), c("no", "yes"))
}
unname_rows <- function(p) { if (is.matrix(p)) rownames(p) <- NULL else p <- unname(p); p }
without <- function(m, ...) { for (slot in c(...)) m[[slot]] <- NULL; m }

# ---- naiveBayes ----
bayes_case <- function(m, nd, ..., notes = "", as_data = identity, questions = NULL) {
  if (is.null(questions)) questions <- function(m, nd) {
    list(ask("class", predict(m, as_data(nd), ...), ...), ask("raw", predict(m, as_data(nd), type = "raw", ...), ...))
  }
  form_case("e1071", m, nd, call = "predict(m, nd, type = ...)", questions = questions, notes = notes)
}
add("naivebayes_mixed_na", {
  d <- mixed_rows(300, 201); d$y <- three_of(d, 1)
  m <- naiveBayes(form("y ~ a + b + k + f + g + t"), d)
  nd <- with_holes(mixed_rows(60, 202)[c("t", "g", "f", "k", "b", "a")], c("a", "f", "k", "t"), 9)
  nd$b[4] <- NaN
  bayes_case(m, nd, notes = "numbers, counts, factors, logical; NA and NaN leave their predictor out")
})
add("naivebayes_laplace", {
  d <- mixed_rows(60, 203); d$y <- three_of(d, 1)
  m <- naiveBayes(form("y ~ f + g + o"), d, laplace = 0.5)
  bayes_case(m, mixed_rows(50, 204)[c("f", "g", "o")])
})
add("naivebayes_threshold_eps", {
  d <- mixed_rows(80, 205); d$y <- three_of(d, 1)
  m <- naiveBayes(form("y ~ a + f + b"), d)
  bayes_case(m, mixed_rows(50, 206)[c("a", "b", "f")], threshold = 0.05, eps = 0.04,
             notes = "shares and densities up to eps count as threshold")
})
add("naivebayes_constant_and_far", {
  d <- data.frame(x = c(1, 1, 1, 2, 3, 4), z = c(0.1, 0.2, 0.3, 0.1, 0.25, 0.4), y = factor(rep(c("a", "b"), each = 3)))
  m <- naiveBayes(form("y ~ x + z"), d)
  nd <- data.frame(x = c(1, 1.0005, 1.001, 1.2, -50, 41, 41.6, 1e6, 1e300, Inf, -Inf, 9, 8.123456), z = c(0.2, 7.9, 1, -3, 0.3, 0.2, 4.05, 4.1, 0.2, 0.1, 0.3, 2.123, 1.77))
  bayes_case(m, nd, notes = "a standard deviation of 0 counts as the threshold; densities far out are 0 and count as it too")
})
add("naivebayes_one_row_class", {
  d <- data.frame(x = c(1, 2, 3, 4, 9), g = factor(c("p", "q", "p", "q", "p")), y = factor(c("a", "a", "b", "b", "c")))
  m <- naiveBayes(form("y ~ x + g"), d)
  bayes_case(m, data.frame(x = c(1, 5, NA, 9), g = c("p", "q", "p", "q")),
             notes = "class c has no standard deviation: its density is NA, every probability with it, and class passes it over")
})
add("naivebayes_unseen_level", {
  d <- mixed_rows(200, 207); d$y <- two_of(d, 1)
  m <- naiveBayes(form("y ~ a + g"), d)
  nd <- mixed_rows(20, 208)[c("a", "g")]
  nd$g <- as.character(nd$g)
  nd$g[c(2, 5, 11)] <- c("none", "Low", "")
  bayes_case(m, nd, notes = "levels that the model has not seen leave the predictor out")
})
add("naivebayes_matrix", {
  d <- mixed_rows(150, 209)
  m <- naiveBayes(unname(as.matrix(d[c("a", "b", "k")])), three_of(d, 1))
  nd <- setNames(mixed_rows(30, 210)[c("a", "b", "k")], c("V1", "V2", "V3"))
  bayes_case(m, nd, notes = "fitted on a matrix without names: as.data.frame() calls its columns V1, V2, V3")
})
add("naivebayes_table", {
  m <- naiveBayes(form("Survived ~ ."), data = Titanic)
  nd <- expand.grid(dimnames(Titanic)[1:3])[c(1:16, 16:1), 3:1]
  nd$Age[3] <- NA
  bayes_case(m, nd, notes = "fitted on a contingency table")
})
add("naivebayes_logical_response", {
  d <- mixed_rows(200, 211); d$y <- d$signal > 0.4
  m <- naiveBayes(d[c("a", "t", "g")], d$y)
  bayes_case(m, with_holes(mixed_rows(40, 212)[c("a", "t", "g")], c("t", "g"), 8), notes = "a logical response and a logical predictor")
})
add("naivebayes_numeric_labels", {
  d <- mixed_rows(200, 213); d$y <- three_of(d, 1); d$store <- factor(sample(c(1, 10, 200, 100000), 200, TRUE))
  m <- naiveBayes(form("y ~ store + b"), d)
  nd <- mixed_rows(30, 214)["b"]; nd$store <- factor(rep(levels(d$store), length.out = 30), rev(levels(d$store)))
  bayes_case(m, nd, notes = "a factor whose levels are numbers, in another order in the new rows")
})
add("naivebayes_many_predictors", {
  set.seed(215)
  x <- as.data.frame(matrix(rnorm(60 * 40, sd = 3), 60)); y <- factor(rep(letters[1:6], 10))
  m <- naiveBayes(x, y)
  set.seed(216)
  bayes_case(m, as.data.frame(matrix(rnorm(30 * 40, sd = 4), 30)), notes = "40 predictors, 6 classes: probabilities from 1 down to 1e-200")
})
add("naivebayes_without_call", {
  d <- mixed_rows(100, 217); d$y <- two_of(d, 1)
  m <- naiveBayes(form("y ~ a + g"), d)
  m$call <- NULL
  nd <- mixed_rows(12, 218)[c("a", "g")]
  bayes_case(m, nd, notes = "stripped of its call")
})

# ---- kmeans ----
nearest <- function(m, nd) apply(as.matrix(nd), 1, function(r) { d <- colSums((t(m$centers) - r)^2); if (anyNA(d)) NA_integer_ else which.min(d) })
distances <- function(m, nd) matrix(apply(as.matrix(nd), 1, function(r) sqrt(colSums((t(m$centers) - r)^2))), ncol = nrow(m$centers), byrow = TRUE)
kmeans_case <- function(m, nd, notes = "") {
  form_case("stats", m, nd, call = "nearest row of m$centers (stats has no predict.kmeans), and the distance to each",
            questions = function(m, nd) {
              far <- distances(m, nd)
              colnames(far) <- rownames(m$centers)
              list(ask("cluster", as.integer(nearest(m, nd))), ask("distance", far))
            }, notes = notes)
}
add("kmeans_named_na", {
  set.seed(1)
  m <- kmeans(mixed_rows(200, 221)[c("a", "b", "k")], 5, nstart = 3)
  kmeans_case(m, with_holes(mixed_rows(50, 222)[c("k", "b", "a")][c("a", "b", "k")], c("a", "k"), 11), notes = "a row with a missing value has no cluster")
})
add("kmeans_unnamed_matrix", {
  set.seed(1)
  m <- kmeans(unname(as.matrix(mixed_rows(200, 223)[c("a", "b")])), 3, nstart = 3)
  kmeans_case(m, mixed_rows(40, 224)[c("a", "b")], notes = "the centers have no column names: by position")
})
add("kmeans_one_variable_ties", {
  m <- kmeans(c(0, 0.5, 1, 9, 9.5, 10, 20, 21, 19), centers = c(0, 10, 20))
  kmeans_case(m, data.frame(x = c(-3, 5, 4.999, 5.001, 14.75, 100, 14.7, 15)), notes = "one variable; values in the middle of two centers: the first")
})
add("kmeans_macqueen_one_cluster", {
  m <- kmeans(mixed_rows(50, 225)[c("a", "b")], 1, algorithm = "MacQueen")
  kmeans_case(m, mixed_rows(5, 226)[c("a", "b")])
})

# ---- prcomp, princomp ----
component_case <- function(m, nd, notes = "", as_data = identity) {
  form_case("stats", m, nd, call = "predict(m, nd)", questions = function(m, nd) list(ask("PC", predict(m, as_data(nd)))), notes = notes)
}
numbers_of <- function(n, seed) mixed_rows(n, seed)[c("a", "b", "k", "signal")]
add("prcomp_centered", component_case(without(prcomp(numbers_of(100, 231)), "x"), numbers_of(40, 232)[4:1], notes = "columns in another order"))
add("prcomp_scaled_na", {
  m <- prcomp(numbers_of(100, 233), scale. = TRUE)
  nd <- with_holes(numbers_of(40, 234), c("a", "k"), 9)
  nd$b[7] <- NaN
  component_case(m, nd, notes = "NA and NaN make the whole row so")
})
add("prcomp_neither", component_case(prcomp(numbers_of(80, 235), center = FALSE), numbers_of(20, 236)))
add("prcomp_scale_only_rank", component_case(prcomp(numbers_of(80, 237), center = FALSE, scale. = TRUE, rank. = 2), numbers_of(20, 238), notes = "two of four components"))
add("prcomp_own_center", component_case(prcomp(numbers_of(80, 239), center = c(1, 2, 3, 4), scale. = c(2, 1, 4, 8)), numbers_of(20, 240)))
add("prcomp_formula", component_case(prcomp(form("~ a + b + k"), data = mixed_rows(80, 241), tol = 0.3), mixed_rows(20, 242)[c("k", "a", "g", "b")]))
add("prcomp_unnamed_matrix", component_case(prcomp(unname(as.matrix(numbers_of(60, 243)))), numbers_of(20, 244), notes = "no names at all: by position"))
add("prcomp_error_missing_column", {
  form_case("stats", prcomp(numbers_of(60, 245)), numbers_of(5, 246)[c("a", "b", "signal")], call = "predict(m, nd)", fails = function(m, nd) predict(m, nd))
})
add("prcomp_error_text", {
  nd <- numbers_of(5, 247); nd$a <- c("1", "2", "x", "4", "5")
  form_case("stats", prcomp(numbers_of(60, 248)), nd, call = "predict(m, nd)", fails = function(m, nd) predict(m, nd))
})
add("princomp_correlation", component_case(princomp(numbers_of(90, 249), cor = TRUE), numbers_of(20, 250), notes = "components are called Comp.1, ..."))
add("princomp_covariance_formula", component_case(princomp(form("~ a + b + k"), mixed_rows(90, 251)), with_holes(mixed_rows(20, 252)[c("a", "k", "b")], "k", 7)))

# ---- polr ----
polr_case <- function(m, nd, notes = "") {
  form_case("MASS", m, nd, call = "predict(m, nd, type = ...)", notes = notes, ties = near_ties(predict(m, nd, type = "probs")),
            questions = function(m, nd) list(ask("class", predict(m, nd)), ask("probs", unname_rows(predict(m, nd, type = "probs")))))
}
fit_polr <- function(formula, d, ...) without(suppressWarnings(polr(formula, d, ...)), "model", "fitted.values", "lp")
for (method in c("logistic", "probit", "loglog", "cloglog", "cauchit")) {
  add(paste0("polr_", method), {
    d <- mixed_rows(300, 311); d$y <- three_of(d, 1)
    m <- fit_polr(form("y ~ a + g + b"), d, method = method)
    nd <- with_holes(mixed_rows(60, 312)[c("a", "b", "g")], c("a", "g"), 14)
    nd$a[1:8] <- c(-40, -20, -8, -5, 5, 8, 20, 40)
    polr_case(m, nd, notes = "far out the probabilities round to 0 and 1; a row with a missing value has no answer")
  })
}
add("polr_offset_weights", {
  d <- mixed_rows(300, 313); d$y <- three_of(d, 1); d$w <- 1 + d$k
  m <- without(polr(form("y ~ a + offset(b / 2)"), d, weights = w), "model", "fitted.values", "lp")
  polr_case(m, mixed_rows(40, 314)[c("a", "b")], notes = "predict() ignores the offset")
})
add("polr_interaction_ordered", {
  d <- mixed_rows(400, 315); d$y <- cut(d$signal, c(-Inf, -1, 0, 1, 2, Inf), c("v", "w", "x", "y", "z"))
  m <- fit_polr(form("y ~ a * o + log(b + 4)"), d)
  polr_case(m, mixed_rows(40, 316)[c("a", "b", "o")], notes = "five classes, an ordered factor, an interaction")
})
add("polr_no_predictors", {
  d <- mixed_rows(200, 317); d$y <- three_of(d, 1)
  polr_case(fit_polr(form("y ~ 1"), d), mixed_rows(6, 318)["a"])
})

# ---- lda, qda ----
discriminant_case <- function(m, nd, ..., notes = "", as_data = identity) {
  asked <- list(...)
  answer <- function(m, nd) do.call(predict, c(list(m, as_data(nd)), asked))
  form_case("MASS", m, nd, call = paste0("predict(m, nd", if (length(asked)) paste0(", ", names(asked), " = ...", collapse = ""), ")"), notes = notes,
            ties = near_ties(answer(m, nd)$posterior),
            questions = function(m, nd) {
              p <- answer(m, nd)
              c(list(do.call(ask, c(list("class", p$class), asked)), do.call(ask, c(list("posterior", unname_rows(p$posterior)), asked))),
                if (!is.null(p$x)) list(do.call(ask, c(list("x", unname_rows(p$x)), asked))))
            })
}
spread_rows <- function(n, seed) { d <- mixed_rows(n, seed); d$b <- d$b + 3 * d$a; d }
add("lda_formula_na", {
  d <- mixed_rows(250, 321); d$y <- three_of(d, 1)
  m <- lda(form("y ~ a + b + k + g"), d)
  nd <- with_holes(mixed_rows(60, 322)[c("g", "k", "b", "a")], c("a", "g"), 13)
  nd$b[4] <- NaN
  discriminant_case(m, nd, notes = "a factor as dummies; a row with a missing value has no answer")
})
add("lda_two_groups", {
  d <- mixed_rows(200, 323); d$y <- two_of(d, 1)
  discriminant_case(lda(form("y ~ a + b + t"), d), mixed_rows(40, 324)[c("a", "b", "t")], notes = "one discriminant")
})
add("lda_predictive_prior", {
  d <- mixed_rows(90, 325); d$y <- three_of(d, 1)
  discriminant_case(lda(form("y ~ a + b + k"), d, prior = c(0.2, 0.3, 0.5)), mixed_rows(40, 326)[c("a", "b", "k")], method = "predictive", prior = c(0.5, 0.25, 0.25))
})
add("lda_debiased_one_dimension", {
  d <- mixed_rows(90, 327); d$y <- three_of(d, 1)
  discriminant_case(lda(form("y ~ a + b + k"), d), mixed_rows(40, 328)[c("a", "b", "k")], method = "debiased", dimen = 1)
})
add("lda_prior_zero", {
  d <- mixed_rows(90, 329); d$y <- three_of(d, 1)
  discriminant_case(lda(form("y ~ a + b"), d), mixed_rows(30, 330)[c("a", "b")], prior = c(0.6, 0.4, 0))
})
add("lda_matrix", {
  d <- mixed_rows(150, 331)
  discriminant_case(lda(as.matrix(d[c("a", "b", "k")]), three_of(d, 1)), mixed_rows(30, 332)[c("a", "b", "k")], as_data = as.matrix, notes = "fitted on a matrix with names")
})
add("lda_unnamed_matrix", {
  d <- mixed_rows(150, 333)
  discriminant_case(lda(unname(as.matrix(d[c("a", "b")])), three_of(d, 1)), mixed_rows(30, 334)[c("b", "a")][2:1], as_data = function(x) unname(as.matrix(x)), notes = "no names: by position")
})
add("lda_method_t", {
  d <- mixed_rows(150, 335); d$y <- three_of(d, 1)
  m <- NULL
  invisible(capture.output(m <- lda(form("y ~ a + b"), d, method = "t", nu = 4)))
  discriminant_case(m, mixed_rows(30, 336)[c("a", "b")], notes = "robust: means and scaling of a t distribution")
})
add("lda_empty_group", {
  d <- mixed_rows(150, 337); d$y <- factor(three_of(d, 1), c("none", "low", "mid", "high"))
  discriminant_case(suppressWarnings(lda(form("y ~ a + b"), d)), mixed_rows(30, 338)[c("a", "b")], notes = "a level without rows has no posterior")
})
add("lda_near_ties", {
  set.seed(1)  # the lots
  d <- data.frame(x = c(-1, -2, -3, 1, 2, 3), y = factor(rep(c("left", "right"), each = 3)))
  discriminant_case(lda(form("y ~ x"), d), data.frame(x = c(0, 1e-7, -1e-7, 1e-6, -1e-6, 1e-4, -1e-4, 0.5)), notes = "posteriors within 1e-5: R draws lots")
})
add("lda_error_new_level", {
  d <- mixed_rows(150, 339); d$y <- three_of(d, 1)
  nd <- mixed_rows(6, 340)[c("a", "g")]; nd$g <- as.character(nd$g); nd$g[2] <- "none"
  form_case("MASS", lda(form("y ~ a + g"), d), nd, call = "predict(m, nd)", fails = function(m, nd) predict(m, nd))
})
for (method in c("plug-in", "predictive", "debiased")) {
  add(paste0("qda_", sub("-", "_", method)), {
    d <- mixed_rows(250, 341); d$y <- three_of(d, 1)
    m <- qda(form("y ~ a + b + k"), d)
    nd <- with_holes(mixed_rows(50, 342)[c("k", "b", "a")], "k", 11)
    discriminant_case(m, nd, method = method)
  })
}
add("qda_prior_mle", {
  d <- mixed_rows(150, 343); d$y <- two_of(d, 1)
  discriminant_case(qda(form("y ~ a + b + g"), d, method = "mle", prior = c(0.3, 0.7)), mixed_rows(40, 344)[c("a", "b", "g")], prior = c(0.5, 0.5))
})
add("qda_matrix", {
  d <- mixed_rows(150, 345)
  discriminant_case(qda(as.matrix(d[c("a", "b")]), three_of(d, 1)), mixed_rows(30, 346)[c("a", "b")], as_data = as.matrix)
})
add("qda_unnamed_matrix_t", {
  d <- mixed_rows(150, 347)
  discriminant_case(qda(unname(as.matrix(d[c("a", "b")])), three_of(d, 1), method = "t"), mixed_rows(30, 348)[c("a", "b")], as_data = function(x) unname(as.matrix(x)))
})
add("qda_many_groups_debiased", {
  set.seed(349)
  d <- data.frame(y = factor(rep(letters[1:8], each = 6)), a = rnorm(48) + rep(1:8, each = 6), b = rnorm(48))
  discriminant_case(qda(form("y ~ a + b"), d), data.frame(a = seq(-1, 9, length.out = 20), b = seq(2, -2, length.out = 20)), method = "debiased",
                    notes = "groups of fewer rows than there are groups: digamma(0), so R answers NaN")
})
