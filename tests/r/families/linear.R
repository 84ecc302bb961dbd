# Random lm, glm and rq models. live_compare.R sources this.
suppressMessages({ library(MASS); library(splines); library(quantreg) })

# A random right-hand side over columns of all kinds.
random_terms <- function(x) {
  quoted <- function(name) if (make.names(name) == name) name else paste0("`", name, "`")
  parts <- vapply(names(x), function(name) {
    v <- x[[name]]
    name <- quoted(name)
    if (is.factor(v)) return(name)
    # Splines and polynomials want more distinct values than coefficients.
    if (length(unique(v)) < 12) return(one_of(name, paste0("I(", name, "^2)")))
    one_of(name, name, paste0("poly(", name, ", 2)"), paste0("I(", name, "^2)"), paste0("log1p(abs(", name, "))"), paste0("ns(", name, ", 3)"),
           paste0("scale(", name, ")"))
  }, "")
  text <- paste(parts, collapse = " + ")
  if (length(parts) > 1 && chance(0.4)) {
    pair <- sample(parts, 2)
    text <- paste(text, "+", paste(pair, collapse = one_of(":", " * ")))
  }
  if (chance(0.15)) text <- paste("0 +", text)
  if (chance(0.2)) text <- paste(text, "+ offset(shift)")
  text
}
linear_columns <- function(n) {
  x <- random_columns(n, most_levels = 5)
  for (name in names(x)) if (is.numeric(x[[name]])) x[[name]] <- pmax(pmin(as.double(x[[name]]), 50), -50)
  x
}
linear_setting <- function() {
  n <- sample(60:200, 1)
  x <- linear_columns(n)
  text <- random_terms(x)
  x$shift <- round(runif(n), 2)
  list(x = x, n = n, formula = as.formula(paste("response ~", text), env = globalenv()),
       contrasts = if (chance(0.3)) options(contrasts = c(one_of("contr.sum", "contr.helmert", "contr.treatment"), "contr.poly")))
}
rows_for <- function(setting) {
  rows <- new_rows(setting$x, sample(c(1, 7, 300, 1100), 1), beyond = chance(0.3))
  if (chance(0.4)) rows <- with_missing(rows, 0.1)
  rows
}
# Answers are sums that may cancel, so a difference counts against the size of the answers, not against each of them.
compare_linear <- function(what, model, rows, type, reference, parameters = list(), tolerance = 1e-11) {
  finite <- abs(as.vector(reference))[is.finite(as.vector(reference))]
  compare(what, model, rows, type, unname_rows(reference), parameters, tolerance, floor = tolerance * 0.01 * (if (length(finite)) max(finite) else 100))
}
drop_constant <- function(v) { attr(v, "constant") <- NULL; v }

random_lm <- function() {
  setting <- linear_setting()
  on.exit(options(contrasts = c("contr.treatment", "contr.poly")))
  d <- cbind(response = signal(setting$x), setting$x, wt = runif(setting$n, 0.5, 2))
  model <- if (chance(0.3)) lm(setting$formula, d, weights = wt) else lm(setting$formula, d)
  rows <- rows_for(setting)
  question <- one_of("response", "se.fit", "terms", "se.terms", "confidence", "prediction")
  level <- one_of(0.9, 0.95, 0.5)
  asked <- tryCatch(suppressWarnings(switch(question,
    response = list("response", predict(model, rows)),
    se.fit = list("se.fit", predict(model, rows, se.fit = TRUE)$se.fit),
    terms = list("terms", drop_constant(predict(model, rows, type = "terms"))),
    se.terms = list("se.terms", predict(model, rows, type = "terms", se.fit = TRUE)$se.fit),
    list("response", predict(model, rows, interval = question, level = level), list(interval = question, level = level)))), error = function(e) NULL)
  if (is.null(asked)) return()  # R's ns() stops where no row has a number
  compare_linear(paste("lm", question, deparse1(setting$formula)), model, rows, asked[[1]], asked[[2]], if (length(asked) > 2) asked[[3]] else list())
}

random_glm <- function() {
  setting <- linear_setting()
  on.exit(options(contrasts = c("contr.treatment", "contr.poly")))
  y <- as.vector(scale(signal(setting$x)))
  kind <- one_of("binomial", "quasibinomial", "poisson", "quasipoisson", "gaussian", "Gamma", "negbin")
  d <- cbind(response = switch(kind, binomial = , quasibinomial = as.integer(y > rnorm(length(y))), gaussian = y, Gamma = exp(y / 2),
                               rpois(length(y), exp(1 + y / 2))), setting$x)
  link <- switch(kind, binomial = , quasibinomial = one_of("logit", "probit", "cloglog", "cauchit"), gaussian = "identity", Gamma = "log", "log")
  family <- switch(kind, binomial = binomial(link), quasibinomial = quasibinomial(link), poisson = poisson(), quasipoisson = quasipoisson(),
                   gaussian = gaussian(), Gamma = Gamma("log"))
  model <- tryCatch(suppressWarnings(if (kind == "negbin") glm.nb(setting$formula, d) else glm(setting$formula, family, d)), error = function(e) NULL)
  if (is.null(model) || anyNA(model$linear.predictors)) return()  # this one has no fit
  model$data <- NULL
  rows <- rows_for(setting)
  type <- one_of("link", "response", "se.fit", "se.response", "terms", "se.terms")
  base <- switch(type, se.fit = "link", se.response = "response", se.terms = "terms", type)
  answer <- tryCatch(suppressWarnings(predict(model, rows, type = base, se.fit = type != base)), error = function(e) NULL)
  if (is.null(answer)) return()  # the same, or R finds its own decomposition singular
  # Far out, exp() magnifies what the sum has lost.
  compare_linear(paste("glm", kind, link, type, deparse1(setting$formula)), model, rows, type, drop_constant(if (type == base) answer else answer$se.fit),
                 tolerance = if (type %in% c("response", "se.response")) 1e-9 else if (type %in% c("se.fit", "se.terms")) 1e-9 else 1e-11)
}

random_rq <- function() {
  setting <- linear_setting()
  on.exit(options(contrasts = c("contr.treatment", "contr.poly")))
  setting$formula <- as.formula(sub(" \\+ offset\\(shift\\)", "", deparse1(setting$formula)), env = globalenv())
  d <- cbind(response = signal(setting$x), setting$x)
  tau <- sort(runif(sample(1:3, 1)))
  model <- tryCatch(suppressWarnings(rq(setting$formula, tau = tau, data = d)), error = function(e) NULL)
  if (is.null(model)) return()  # a singular design
  rows <- rows_for(setting)
  answer <- tryCatch(predict(model, rows), error = function(e) NULL)
  if (!is.null(answer)) compare_linear(paste("rq", deparse1(setting$formula)), model, rows, "response", answer)
}

families <- c(families, random_lm, random_glm, random_rq)
