# Random rpart models for live_compare.R, which sources this: nodes, and so answers, bit for bit.
suppressMessages(library(rpart))

random_rpart <- function() {
  n <- sample(60:500, 1)
  x <- random_columns(n, most_levels = one_of(6, 30))
  for (name in names(x)) {
    if (is.numeric(x[[name]]) && chance(0.15)) x[[name]] <- x[[name]] > 0
    if (is.factor(x[[name]]) && chance(0.3)) x[[name]] <- factor(x[[name]], ordered = TRUE)
  }
  y <- signal(x)
  method <- one_of("anova", "class", "poisson", "exp")
  response <- switch(method,
    anova = y,
    class = factor(paste("class", cut(y, unique(c(-Inf, quantile(y, one_of(0.5, c(0.3, 0.7))), Inf)), labels = FALSE))),
    poisson = if (chance(0.5)) rpois(n, exp(pmin(y, 3))) else cbind(runif(n, 0.5, 2), rpois(n, exp(pmin(y, 3)))),
    exp = survival::Surv(rexp(n, exp(pmin(y, 3))), runif(n) < 0.8))
  if (chance(0.5)) x <- with_missing(x, 0.1)
  d <- x
  d$response <- response
  model <- suppressWarnings(rpart(response ~ ., d, method = method, y = FALSE, weights = one_of(rep(1, n), sample(1:3, n, TRUE)),
    control = rpart.control(minsplit = sample(2:20, 1), cp = one_of(0, 0.001, 0.01, 1), maxdepth = sample(c(1:6, 30), 1), xval = 0,
      maxcompete = sample(0:4, 1), maxsurrogate = sample(0:5, 1), usesurrogate = sample(0:2, 1), surrogatestyle = sample(0:1, 1))))
  if (chance(0.2)) model <- prune(model, cp = 0.02)
  rows <- new_rows(x, sample(c(1, 7, 64, 129, 5000), 1), beyond = chance(0.5))
  if (chance(0.7)) rows <- with_missing(rows, one_of(0.15, 0.6))
  type <- if (method == "class") one_of("prob", "class", "vector", "matrix") else one_of("vector", "matrix")
  reference <- if (nrow(rows) > 1) predict(model, rows, type = type) else {
    # Of one row R's matrix becomes a vector, and predict() stops: asked twice, the first counts.
    both <- predict(model, rows[c(1, 1), , drop = FALSE], type = type)
    if (is.matrix(both)) both[1, , drop = FALSE] else both[1]
  }
  compare(paste("rpart", method, type), model, rows, type, unname_rows(reference), list(), 0)
}

families <- c(families, random_rpart)
