# Golden cases of glm and glm.nb. Sourced by make_golden.R at top level, after linear_cases.R.

# Each m$data <- NULL leaves out a copy of the rows, which predict() never reads.
glm_everything <- function(m, nd) {
  link <- predict(m, nd, se.fit = TRUE)
  response <- predict(m, nd, type = "response", se.fit = TRUE)
  list(ask("link", unname(link$fit)), ask("response", unname(response$fit)), ask("se.fit", unname(link$se.fit)),
       ask("se.response", unname(response$se.fit)))
}
glm_terms <- function(m, nd) {
  p <- predict(m, nd, type = "terms", se.fit = TRUE)
  list(ask("terms", plain_matrix(p$fit)), ask("se.terms", plain_matrix(p$se.fit)))
}
fit_glm <- glm
one_glm <- function(name, formula, family, seed, notes = "", ...) {
  if (!grepl(only, name)) return(invisible())
  CASE <<- name
  m <- eval(substitute(fit_glm(form(formula), family = family, data = linear_rows(70, seed), ...)))
  m$data <- NULL
  nd <- linear_rows(30, seed + 1)
  nd$x[1:6] <- c(-40, 40, -9, 9, 1e4, -1e4)  # far out, where links clamp
  nd <- with_holes(nd, c("z"), 13)
  linear_case(m, nd, call = "predict(m, nd, type = link, response; se.fit = TRUE)", questions = glm_everything, notes = notes)
}
one_glm("linear_glm_binomial_logit", "yes ~ x + z", binomial(), 101)
one_glm("linear_glm_binomial_probit", "yes ~ x + z", binomial("probit"), 103)
one_glm("linear_glm_binomial_cauchit", "yes ~ x + z", binomial("cauchit"), 105)
one_glm("linear_glm_binomial_cloglog", "yes ~ x + z", binomial("cloglog"), 107)
one_glm("linear_glm_binomial_log", "yes ~ x + z", binomial("log"), 109, start = c(-1, 0, 0))
one_glm("linear_glm_quasibinomial", "yes ~ x + z", quasibinomial(), 111, "dispersion is estimated")
one_glm("linear_glm_poisson_log", "count ~ x + z", poisson(), 113)
one_glm("linear_glm_poisson_sqrt", "count ~ x + z", poisson("sqrt"), 115)
one_glm("linear_glm_poisson_identity", "count ~ x + z", poisson("identity"), 117, start = c(2, 0, 0))
one_glm("linear_glm_quasipoisson", "count ~ x + z", quasipoisson(), 119)
one_glm("linear_glm_gaussian_identity", "y ~ x + z", gaussian(), 121)
one_glm("linear_glm_gaussian_log", "positive ~ x + z", gaussian("log"), 123, start = c(0, 0, 0))
one_glm("linear_glm_gaussian_inverse", "positive ~ x + z", gaussian("inverse"), 125, start = c(1, 0, 0))
one_glm("linear_glm_gamma_inverse", "positive ~ x + z", Gamma(), 127)
one_glm("linear_glm_gamma_log", "positive ~ x + z", Gamma("log"), 129)
one_glm("linear_glm_gamma_identity", "positive ~ x + z", Gamma("identity"), 131, start = c(2, 0, 0))
one_glm("linear_glm_inverse_gaussian", "positive ~ x + z", inverse.gaussian(), 133, start = c(1, 0, 0))
one_glm("linear_glm_quasi_power", "positive ~ x + z", quasi(link = power(1 / 3), variance = "mu"), 135, "the link's name says mu^0.333", start = c(1, 0, 0))
one_glm("linear_glm_quasi_inverse_square", "positive ~ x + z", quasi(link = "1/mu^2", variance = "mu^3"), 137, start = c(1, 0, 0))
one_glm("linear_glm_quasi_logit", "I(yes * 0.98 + 0.01) ~ x + z", quasi(link = "logit", variance = "mu(1-mu)"), 139)
one_glm("linear_glm_known_theta", "count ~ x + z", negative.binomial(2.5), 141, "glm() with MASS's family: the dispersion is estimated")

add("linear_glm_terms", {
  m <- fit_glm(form("count ~ x * f + ns(z, 3) + offset(log(e))"), poisson, linear_rows(80, 151))
  m$data <- NULL
  nd <- with_holes(linear_rows(20, 152), c("x", "e"), 7)
  linear_case(m, nd, call = "predict(m, nd, type = 'terms', se.fit = TRUE)", questions = function(m, nd) c(
    glm_everything(m, nd), glm_terms(m, nd),
    list(ask("terms", plain_matrix(predict(m, nd, type = "terms", terms = "x:f")), terms = "x:f", as = "picked"))))
})
add("linear_glm_offset_argument", {
  m <- fit_glm(form("count ~ x + offset(log(z))"), poisson, linear_rows(60, 153), offset = log(e))
  m$data <- NULL
  linear_case(m, with_holes(linear_rows(20, 154), c("z", "e"), 7), call = "predict(m, nd)", questions = glm_everything, notes = "both kinds of offset")
})
add("linear_glm_counts_and_weights", {
  d <- linear_rows(60, 155)
  d$trials <- d$k + 2L
  d$hits <- pmin(d$count, d$trials)
  m <- fit_glm(form("cbind(hits, trials - hits) ~ x + g"), quasibinomial, d, weights = w)
  m$data <- NULL
  linear_case(m, linear_rows(20, 156), call = "predict(m, nd)", questions = function(m, nd) c(glm_everything(m, nd), glm_terms(m, nd)),
              notes = "a two-column response, prior weights")
})
add("linear_glm_zero_weights", {
  d <- linear_rows(60, 157)
  d$w[c(2, 5, 11)] <- 0
  m <- fit_glm(form("positive ~ x + o"), Gamma("log"), d, weights = w)
  m$data <- NULL
  linear_case(m, linear_rows(20, 158), call = "predict(m, nd)", questions = function(m, nd) c(glm_everything(m, nd), glm_terms(m, nd)))
})
add("linear_glm_aliased", {
  d <- linear_rows(60, 159)
  d$double <- 2 * d$x
  m <- fit_glm(form("yes ~ x + double + f:g + f"), binomial, d)
  m$data <- NULL
  nd <- linear_rows(20, 160)
  nd$double <- NA_real_
  linear_case(m, nd, call = "predict(m, nd)", questions = function(m, nd) c(glm_everything(m, nd), glm_terms(m, nd)),
              notes = "the aliased column may be missing throughout")
})
add("linear_glm_dispersion", {
  m <- fit_glm(form("count ~ x + t"), quasipoisson, linear_rows(60, 161))
  m$data <- NULL
  linear_case(m, linear_rows(15, 162), call = "predict(m, nd, se.fit = TRUE, dispersion)", questions = function(m, nd) list(
    ask("se.fit", unname(predict(m, nd, se.fit = TRUE, dispersion = 2.5)$se.fit), dispersion = 2.5, as = "own"),
    ask("se.response", unname(predict(m, nd, "response", se.fit = TRUE, dispersion = 1)$se.fit), dispersion = 1, as = "one"),
    ask("se.fit", unname(predict(m, nd, se.fit = TRUE, dispersion = 0)$se.fit), dispersion = 0, as = "zero")))
})
add("linear_glm_step", {
  m <- fit_glm(form("yes ~ x + z + f + k + t"), binomial, linear_rows(80, 163))
  m <- suppressWarnings(step(m, trace = 0))
  m$data <- NULL
  linear_case(m, linear_rows(20, 164), call = "predict(step(m), nd)", questions = glm_everything, notes = paste("kept:", deparse(formula(m))))
})
add("linear_glm_no_intercept", {
  m <- fit_glm(form("yes ~ 0 + f + x:g + poly(z, 2)"), binomial, linear_rows(80, 165))
  m$data <- NULL
  linear_case(m, linear_rows(20, 166), call = "predict(m, nd)", questions = function(m, nd) c(glm_everything(m, nd), glm_terms(m, nd)))
})
for (link in c("log", "sqrt", "identity")) add(paste0("linear_glm_nb_", link), {
  d <- linear_rows(120, 167)
  set.seed(168)
  d$count <- rnbinom(120, mu = exp(1 + 0.3 * d$x), size = 1.7)
  m <- suppressWarnings(eval(bquote(glm.nb(form("count ~ x + z"), data = d, link = .(as.name(link)), init.theta = 1.7, start = .(if (link == "identity") c(4, 0, 0))))))
  m$data <- NULL
  linear_case(m, linear_rows(15, 169), call = "predict(m, nd)", package = "MASS", questions = function(m, nd) c(glm_everything(m, nd), glm_terms(m, nd)),
              notes = "dispersion 1")
})
add("linear_glm_codes_of_factors", {
  d <- linear_rows(60, 173)[c("yes", "f", "o", "k", "x")]
  d$k <- factor(d$k)
  m <- fit_glm(form("yes ~ as.numeric(k) + unclass(f) + x"), binomial, d)
  m$data <- d
  linear_case(m, d[1:20, -1], call = "predict(m, nd)", questions = glm_everything,
              notes = "codes of factors that are no terms themselves: their levels are in the object's data; k's levels are numbers")
})
add("linear_glm_stripped", {
  m <- fit_glm(form("yes ~ x + f"), binomial, linear_rows(60, 171))
  full <- m
  kept <- list(link = m$family$link, family = m$family$family)
  m$data <- m$qr <- m$R <- m$effects <- m$residuals <- m$weights <- m$prior.weights <- m$y <- m$model <- m$fitted.values <- m$linear.predictors <- NULL
  m$family <- structure(kept, class = "family")
  linear_case(m, linear_rows(15, 172), call = "predict(<the whole m>, nd)", questions = function(m, nd) list(
    ask("link", unname(predict(full, nd))), ask("response", unname(predict(full, nd, type = "response")))),
    notes = "stripped to what a prediction needs; the family has lost its functions")
})
