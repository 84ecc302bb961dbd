# Random models of nnet, multinom, polr, lda, qda, naiveBayes, kmeans, prcomp and princomp for live_compare.R, which sources this.
suppressMessages({ library(nnet); library(MASS); library(e1071) })

# A fit that R itself gives up (singular groups, no convergence) is no comparison; the run says how many there were.
fitted_or_null <- function(expression) {
  model <- tryCatch(suppressWarnings(expression), error = function(e) NULL)
  if (is.null(model)) unfitted <<- unfitted + 1L
  model
}
# Formulas live in the global environment: else the model would carry the frames of this script.
formula_of <- function(text) as.formula(text, env = globalenv())
classes_of <- function(y, k, ordered = FALSE) {
  cuts <- cut(rank(y, ties.method = "first"), k, labels = FALSE)
  labels <- sample(c("low", "mid", "high", "q r", "\u00e9t\u00e9"))[seq_len(k)]
  factor(labels[cuts], labels, ordered = ordered)
}
# Rows in which max.col() draws lots.
near_tie_rows <- function(p) {
  p <- as.matrix(p)
  if (ncol(p) < 2) return(integer())
  unname(which(apply(p, 1, function(v) !anyNA(v) && sum(v >= max(v) - 1e-5 * max(abs(v))) > 1)))
}
# Classes within a rounding of a boundary may fall either way.
near_half_rows <- function(p) which(!is.na(p) & abs(p - 0.5) < 1e-9)
# Sums that cancel keep the digits of their largest part.
rounding_of <- function(v) { v <- abs(v[is.finite(v)]); if (length(v)) 1e-13 * max(v) else 0 }

random_net <- function() {
  n <- sample(60:200, 1)
  x <- random_columns(n, most_levels = 6)
  y <- signal(x)
  kind <- one_of("number", "two", "many")
  response <- switch(kind, number = y, two = classes_of(y, 2), many = classes_of(y, sample(3:5, 1)))
  hidden <- sample(0:5, 1)
  options <- list(size = hidden, skip = hidden == 0 || chance(0.3), decay = one_of(0, 0.01), maxit = sample(5:60, 1),
                  linout = kind == "number" && chance(0.7), rang = one_of(0.1, 0.7), trace = FALSE, MaxNWts = 5000)
  by_formula <- kind != "number" || chance(0.6)
  if (by_formula) {
    model <- fitted_or_null(do.call(nnet, c(list(formula_of("response ~ ."), data = cbind(response = response, x)), options)))
  } else {
    x <- x[vapply(x, is.numeric, NA)]
    model <- fitted_or_null(do.call(nnet, c(list(as.matrix(x), response), options)))
  }
  if (is.null(model)) return(invisible())
  model$call <- NULL  # do.call leaves the data in it
  rows <- new_rows(x, sample(c(1, 7, 300), 1), beyond = chance(0.5))
  if (by_formula && chance(0.5)) rows <- with_missing(rows, 0.1)
  if (!by_formula) rows <- rows[names(x)]  # by position
  raw <- predict(model, rows)
  if (kind != "number" && chance(0.5)) {
    type <- "class"
    reference <- as.vector(predict(model, rows, type = "class"))
    skip <- if (ncol(raw) > 1) near_tie_rows(raw) else near_half_rows(raw)
  } else {
    type <- "raw"
    reference <- if (ncol(raw) > 1) unname_rows(raw) else as.vector(raw)
    skip <- integer()
  }
  compare(paste("nnet", kind, type), model, rows, type, reference, list(), 1e-12, skip, floor = 1e-15)
}

random_multinom <- function() {
  x <- random_columns(sample(60:200, 1), most_levels = 5)
  response <- classes_of(signal(x), sample(2:4, 1))
  model <- fitted_or_null(multinom(formula_of("response ~ ."), cbind(response = response, x), trace = FALSE, maxit = 30))
  if (is.null(model)) return(invisible())
  rows <- new_rows(x, sample(c(2, 7, 300), 1), beyond = chance(0.3))
  if (chance(0.5)) rows <- with_missing(rows, 0.1)
  probs <- fitted_or_null(predict(model, rows, type = "probs"))  # R stops where every row has a missing value
  if (is.null(probs)) return(invisible())
  type <- one_of("class", "probs")
  skip <- if (type == "probs") integer() else if (is.matrix(probs)) near_tie_rows(probs) else near_half_rows(probs)
  reference <- if (type == "class") predict(model, rows) else unname_rows(probs)
  compare(paste("multinom", type), model, rows, type, reference, list(), 1e-12, skip, floor = 1e-15)
}

random_polr <- function() {
  x <- random_columns(sample(80:250, 1), most_levels = 4)
  x[] <- lapply(x, function(v) if (is.numeric(v)) as.vector(scale(v)) else v)
  y <- signal(x)
  response <- classes_of(y + rnorm(length(y), sd = sd(y)), sample(3:5, 1), ordered = chance(0.5))
  method <- one_of("logistic", "probit", "loglog", "cloglog", "cauchit")
  model <- fitted_or_null(polr(formula_of("response ~ ."), cbind(response = response, x), method = method))
  if (is.null(model)) return(invisible())
  model$call <- NULL
  rows <- new_rows(x, sample(c(2, 7, 300), 1), beyond = chance(0.5))
  if (chance(0.5)) rows <- with_missing(rows, 0.1)
  # With coefficients that R dropped, predict() stops.
  probs <- fitted_or_null(predict(model, rows, type = "probs"))
  if (is.null(probs)) return(invisible())
  type <- one_of("class", "probs")
  skip <- if (type == "class") near_tie_rows(probs) else integer()
  # A small probability is the difference of two near 1: no more digits than those have.
  compare(paste("polr", method, type), model, rows, type, if (type == "class") predict(model, rows) else unname_rows(probs), list(),
          1e-12, skip, floor = 1e-15)
}

random_discriminant <- function() {
  x <- random_columns(sample(100:300, 1), most_levels = 4)
  is_quadratic <- chance(0.4)
  if (is_quadratic || chance(0.3)) x <- x[vapply(x, is.numeric, NA)]
  groups <- classes_of(signal(x) + rnorm(nrow(x)), sample(2:4, 1))
  fit <- if (is_quadratic) qda else lda
  by_formula <- !all(vapply(x, is.numeric, NA)) || chance(0.5)
  model <- fitted_or_null(if (by_formula) fit(formula_of("groups ~ ."), cbind(groups = groups, x)) else fit(as.matrix(x), groups))
  if (is.null(model)) return(invisible())
  model$call <- NULL
  rows <- new_rows(x, sample(c(2, 7, 300), 1), beyond = chance(0.3))
  if (chance(0.5)) rows <- with_missing(rows, 0.1)
  parameters <- list()
  if (chance(0.6)) parameters$method <- one_of("plug-in", "predictive", "debiased")
  if (chance(0.3)) { prior <- runif(length(model$prior)); parameters$prior <- prior / sum(prior) }
  if (!is_quadratic && chance(0.3)) parameters$dimen <- sample(3, 1)
  rows_for_r <- if (by_formula) rows else as.matrix(rows[names(x)])  # R goes by position here
  answer <- suppressWarnings(do.call(predict, c(list(model, rows_for_r), parameters)))
  type <- if (is_quadratic) one_of("class", "posterior") else one_of("class", "posterior", "x")
  reference <- switch(type, class = answer$class, unname_rows(answer[[type]]))
  skip <- if (type == "class") near_tie_rows(answer$posterior) else integer()
  # A posterior is exp() of a distance: its relative error is the distance's absolute one.
  tolerance <- if (type == "posterior") 1e-10 else 1e-12
  floor <- if (type == "x") rounding_of(reference) else if (type == "posterior") 1e-14 else 0
  compare(paste(class(model), type, parameters$method), model, rows, type, reference, parameters, tolerance, skip, floor = floor)
}

random_bayes <- function() {
  x <- random_columns(sample(30:300, 1), most_levels = 12)
  if (chance(0.5)) x$flag <- runif(nrow(x)) < 0.5
  groups <- classes_of(signal(x), sample(2:5, 1))
  model <- naiveBayes(x, groups, laplace = one_of(0, 1, 0.3))
  rows <- new_rows(x, sample(c(2, 7, 300), 1), beyond = chance(0.5))
  if (chance(0.6)) rows <- with_missing(rows, 0.15)
  parameters <- list()
  if (chance(0.3)) parameters$threshold <- one_of(0.01, 1e-6)
  if (chance(0.3)) parameters$eps <- one_of(0.001, 0.1)
  raw <- do.call(predict, c(list(model, rows, type = "raw"), parameters))
  type <- one_of("class", "raw")
  reference <- if (type == "raw") unname_rows(raw) else do.call(predict, c(list(model, rows), parameters))
  skip <- if (type == "class") near_tie_rows(raw) else integer()
  compare(paste("naiveBayes", type), model, rows, type, reference, parameters, 1e-11, skip, floor = 1e-300)
}

random_kmeans <- function() {
  x <- random_columns(sample(50:300, 1), most_levels = 3)
  x <- x[vapply(x, is.numeric, NA)]
  model <- fitted_or_null(kmeans(x, sample(1:6, 1)))
  if (is.null(model)) return(invisible())
  rows <- new_rows(x, sample(c(1, 7, 300), 1), beyond = chance(0.5))[names(x)]
  if (chance(0.5)) rows <- with_missing(rows, 0.1)
  squares <- t(apply(as.matrix(rows), 1, function(r) colSums((t(model$centers) - r)^2)))
  squares <- matrix(squares, nrow(rows), dimnames = list(NULL, rownames(model$centers)))
  nearest <- apply(squares, 1, function(s) if (anyNA(s)) NA_integer_ else which.min(s))
  type <- one_of("cluster", "distance")
  # Squares that differ by a rounding only.
  skip <- if (type == "cluster") unname(which(apply(squares, 1, function(s) !anyNA(s) && sum(s <= min(s) * (1 + 1e-12)) > 1))) else integer()
  compare(paste("kmeans", type), model, rows, type, if (type == "cluster") as.integer(nearest) else sqrt(squares), list(), 1e-12, skip)
}

random_components <- function() {
  x <- random_columns(sample(50:300, 1), most_levels = 3)
  x <- x[vapply(x, is.numeric, NA)]
  model <- fitted_or_null(if (chance(0.7)) prcomp(x, center = chance(0.8), scale. = chance(0.5), retx = chance(0.5)) else princomp(x, cor = chance(0.5)))
  if (is.null(model)) return(invisible())
  rows <- new_rows(x, sample(c(2, 7, 300), 1), beyond = chance(0.5))
  if (chance(0.5)) rows <- with_missing(rows, 0.1)
  reference <- if (ncol(x) == 1 && inherits(model, "princomp")) predict(model, as.matrix(rows)) else predict(model, rows)
  compare(class(model)[1], model, rows, "PC", unname_rows(reference), list(), 1e-12, floor = rounding_of(reference))
}

families <- c(families, random_net, random_multinom, random_polr, random_discriminant, random_bayes, random_kmeans, random_components)
