# Golden cases of lm, mlm, glm, glm.nb and quantreg's rq. Sourced by make_golden.R at top level; linear_glm_cases.R goes on.

suppressMessages({ library(MASS); library(splines); library(quantreg) })
linear_case <- function(..., package = "stats", tolerance = 1e-12) golden_case(package = package, ..., tolerance = tolerance)
# Environments of formulas and families are the writer's; a case holds none of its frames.
linear_rows <- function(n, seed) {
  set.seed(seed)
  d <- data.frame(
    x = rnorm(n), z = round(runif(n, 1, 9), 2), k = rpois(n, 4L) + 1L,
    f = factor(sample(c("red", "green", "blue"), n, TRUE), c("red", "green", "blue")),
    g = factor(sample(c("u", "v"), n, TRUE)), o = factor(sample(c("S", "M", "L", "XL"), n, TRUE), c("S", "M", "L", "XL"), ordered = TRUE),
    t = runif(n) < 0.4, s = sample(c("north", "south", "east"), n, TRUE), w = round(runif(n, 0.5, 3), 2), e = round(runif(n, 5, 50)))
  d$y <- 1 + 0.8 * d$x - 0.3 * d$z + ifelse(d$f == "green", 1, 0) + 0.2 * as.integer(d$o) + ifelse(d$t, 0.5, 0) + rnorm(n, 0, 0.5)
  d$positive <- exp(0.3 * d$y + rnorm(n, 0, 0.2))
  d$count <- rpois(n, exp(pmin(0.3 * d$y, 3)))
  d$yes <- as.integer(d$y + rnorm(n) > 0)
  d
}
lm_everything <- function(m, nd) {
  p <- predict(m, nd, se.fit = TRUE)
  list(ask("response", unname(p$fit)), ask("se.fit", unname(p$se.fit)),
       ask("response", predict(m, nd, interval = "confidence"), interval = "confidence", as = "confidence"),
       ask("response", predict(m, nd, interval = "prediction", level = 0.8), interval = "prediction", level = 0.8, as = "prediction"))
}
plain_matrix <- function(v) { attr(v, "constant") <- NULL; dimnames(v) <- list(NULL, colnames(v)); v }
lm_terms <- function(m, nd) {
  p <- predict(m, nd, type = "terms", se.fit = TRUE)
  list(ask("terms", plain_matrix(p$fit)), ask("se.terms", plain_matrix(p$se.fit)))
}
response_of <- function(m, nd) list(ask("response", unname(predict(m, nd))))

# ---- lm: formulas ----
add("linear_lm_intervals", {
  m <- lm(form("y ~ x + log(z) + f"), linear_rows(60, 1))
  nd <- with_holes(linear_rows(30, 2)[c("f", "z", "x", "w")], c("x", "f", "z"), 9)
  nd$x[5] <- NaN
  linear_case(m, nd, call = "predict(m, nd, se.fit = TRUE); interval = confidence, prediction", questions = lm_everything,
              notes = "NA in a number or a factor, and NaN; NA and NaN stay apart")
})
add("linear_lm_terms", {
  m <- lm(form("y ~ x * f + poly(z, 2) + I(k^2)"), linear_rows(60, 3))
  nd <- with_holes(linear_rows(20, 4), c("x", "f"), 7)
  linear_case(m, nd, call = "predict(m, nd, type = 'terms', se.fit = TRUE)", questions = function(m, nd) {
    picked <- predict(m, nd, type = "terms", terms = c("poly(z, 2)", "x"), interval = "confidence", level = 0.9)
    c(lm_terms(m, nd), response_of(m, nd),
      list(ask("terms", plain_matrix(picked$fit), terms = "poly(z, 2),x", as = "picked")))
  }, notes = "terms with an interaction; a subset of terms, one with a comma in its label")
})
add("linear_lm_terms_no_intercept", {
  m <- lm(form("y ~ 0 + f + x + offset(z)"), linear_rows(50, 5))
  linear_case(m, linear_rows(15, 6), call = "predict(m, nd, type = 'terms')",
              questions = function(m, nd) c(lm_terms(m, nd), lm_everything(m, nd)), notes = "no intercept: full dummies, terms are not centred")
})
add("linear_lm_terms_weighted", {
  d <- linear_rows(60, 7)
  d$w[c(3, 9)] <- 0
  m <- lm(form("y ~ x + o + t"), d, weights = w)
  linear_case(m, linear_rows(15, 8), call = "predict(m, nd, type = 'terms', se.fit = TRUE)",
              questions = function(m, nd) c(lm_terms(m, nd), lm_everything(m, nd)), notes = "weights, two of them zero; the means of terms are unweighted")
})
add("linear_lm_kept_matrix", {
  m <- lm(form("y ~ x + g"), linear_rows(40, 9), x = TRUE, model = FALSE)
  linear_case(m, linear_rows(10, 10), call = "predict(m, nd, type = 'terms')", questions = lm_terms, notes = "model = FALSE, x = TRUE")
})
add("linear_lm_contrasts", {
  d <- linear_rows(80, 11)
  contrasts(d$g) <- matrix(c(-3, 1), 2, dimnames = list(NULL, ".own"))
  m <- lm(form("y ~ f * g + o + t:x"), d, contrasts = list(f = "contr.sum", o = "contr.helmert"))
  linear_case(m, with_holes(linear_rows(40, 12), c("f", "o"), 11), call = "predict(m, nd)",
              questions = function(m, nd) c(response_of(m, nd), lm_terms(m, nd)), notes = "sum, helmert and custom contrasts, an interaction with a logical")
})
add("linear_lm_splines", {
  m <- lm(form("y ~ ns(x, df = 3) + bs(z, knots = c(3, 6)) + f"), linear_rows(80, 13))
  nd <- linear_rows(25, 14)
  nd$x[1:2] <- c(-6, 6)
  linear_case(m, nd, call = "predict(m, nd, se.fit = TRUE)", questions = function(m, nd) c(lm_everything(m, nd), lm_terms(m, nd)))
})
add("linear_lm_aliased", {
  d <- linear_rows(60, 15)
  d$double <- 2 * d$x
  d$same <- d$g
  m <- lm(form("y ~ double + x + g + same + z:f"), d)
  nd <- linear_rows(20, 16)
  nd$double <- rnorm(20)
  nd$same <- rev(nd$g)
  nd$x[4] <- NA
  linear_case(m, nd, call = "predict(m, nd)", questions = function(m, nd) c(lm_everything(m, nd), lm_terms(m, nd)),
              notes = "rank-deficient: aliased columns are dropped by pivot, so NA in one of them (row 4) does not matter")
})
add("linear_lm_no_qr", {
  m <- lm(form("y ~ x + z"), linear_rows(40, 17))
  full <- m
  m$qr <- m$effects <- m$residuals <- m$fitted.values <- m$model <- NULL
  linear_case(m, linear_rows(10, 18), call = "predict(<m with its qr>, nd)", questions = function(m, nd) response_of(full, nd),
              notes = "stripped to save room: R itself asks for qr, only to know the rank")
})
add("linear_lm_intercept_only", {
  m <- lm(form("y ~ 1"), linear_rows(20, 19))
  linear_case(m, linear_rows(5, 20)["x"], call = "predict(m, nd)", questions = lm_everything)
})
add("linear_lm_rank_zero", {
  m <- lm(form("y ~ 0 + offset(x)"), linear_rows(20, 21))
  linear_case(m, with_holes(linear_rows(8, 22), "x", 4), call = "predict(m, nd)", questions = response_of, notes = "no column at all, an offset only")
})
add("linear_lm_offset_both", {
  m <- lm(form("y ~ x + offset(log(z))"), linear_rows(40, 23), offset = 2 * w)
  nd <- with_holes(linear_rows(15, 24), c("z", "w"), 8)
  linear_case(m, nd, call = "predict(m, nd)", questions = function(m, nd) c(lm_everything(m, nd), lm_terms(m, nd)),
              notes = "an offset in the formula and one in the call; terms leave both out")
})
add("linear_lm_scale_and_variance", {
  m <- lm(form("y ~ x + k"), linear_rows(40, 25), weights = w)
  linear_case(m, linear_rows(12, 26), call = "predict(m, nd, scale, df, pred.var, weights)", questions = function(m, nd) list(
    ask("se.fit", unname(predict(m, nd, se.fit = TRUE, scale = 2)$se.fit), scale = 2),
    ask("response", predict(m, nd, interval = "confidence", scale = 2, df = 7.5), interval = "confidence", scale = 2, df = 7.5, as = "df"),
    ask("response", predict(m, nd, interval = "prediction", scale = 1.5), interval = "prediction", scale = 1.5, as = "normal"),
    ask("response", predict(m, nd, interval = "prediction", pred.var = 4), interval = "prediction", pred.var = 4, as = "variance"),
    ask("response", predict(m, nd, interval = "prediction", weights = 0.25, level = 0.5), interval = "prediction", weights = 0.25, level = 0.5, as = "weights"),
    ask("response", predict(m, nd, interval = "confidence", level = 0), interval = "confidence", level = 0, as = "level_0"),
    ask("response", predict(m, nd, interval = "confidence", level = 1), interval = "confidence", level = 1, as = "level_1")))
})
add("linear_lm_step", {
  m <- step(lm(form("y ~ x + z + f + k + t + w"), linear_rows(70, 27)), trace = 0)
  linear_case(m, linear_rows(20, 28), call = "predict(step(m), nd)", questions = lm_everything, notes = paste("kept:", deparse(formula(m))))
})
add("linear_lm_character", {
  m <- lm(form("y ~ s + x:s"), linear_rows(50, 29))
  linear_case(m, with_holes(linear_rows(20, 30), "s", 6), call = "predict(m, nd)", questions = function(m, nd) c(lm_everything(m, nd), lm_terms(m, nd)),
              notes = "a column of strings, not a factor")
})
add("linear_lm_expressions", {
  m <- lm(form("log(positive) ~ I(x^2) + sqrt(z) + cut(z, c(0, 3, 6, 10)) + factor(k > 4) + as.integer(t) + exp(-x)"), linear_rows(70, 31))
  linear_case(m, linear_rows(25, 32), call = "predict(m, nd)", questions = lm_everything)
})
add("linear_lm_saturated", {
  m <- lm(form("y ~ x + z"), linear_rows(3, 33))
  linear_case(m, linear_rows(4, 34), call = "predict(m, nd)", questions = response_of, notes = "no degrees of freedom left", tolerance = 1e-9)
})
add("linear_lm_poly_raw_and_matrix", {
  m <- lm(form("y ~ poly(x, 3, raw = TRUE) + poly(x, z, degree = 2)"), linear_rows(60, 35))
  linear_case(m, linear_rows(15, 36), call = "predict(m, nd)", questions = response_of)
})
add("linear_lm_backticks", {
  d <- linear_rows(40, 37)
  names(d)[1:2] <- c("my x", "price (eur)")
  m <- lm(form("y ~ `my x` * g + log(`price (eur)`)"), d)
  nd <- linear_rows(10, 38)
  names(nd)[1:2] <- c("my x", "price (eur)")
  linear_case(m, nd, call = "predict(m, nd)", questions = function(m, nd) c(lm_everything(m, nd), lm_terms(m, nd)))
})
add("linear_lm_backtick_factor", {
  d <- linear_rows(40, 37)
  d[["my group"]] <- d$g
  nd <- linear_rows(10, 38)
  nd[["my group"]] <- nd$g
  linear_case(lm(form("y ~ x + `my group`"), d), nd[c("my group", "x")], call = "predict(m, nd)",
              questions = function(m, nd) c(lm_everything(m, nd), lm_terms(m, nd)))
})
add("linear_lm_unclass", {
  d <- linear_rows(50, 61)
  m <- lm(form("y ~ unclass(o) + unclass(f):x"), d)
  linear_case(m, linear_rows(15, 62)[c("o", "f", "x")], call = "predict(m, nd)", questions = response_of,
              notes = "codes of factors: unclass() keeps the levels in the model frame")
})
add("linear_lm_columns_named_like_constants", {
  d <- linear_rows(50, 63)
  names(d)[match(c("x", "z"), names(d))] <- c("T", "pi")
  m <- lm(form("y ~ T + I(T^2 * pi) + log(pi)"), d)
  nd <- linear_rows(15, 64)[c("x", "z")]
  names(nd) <- c("T", "pi")
  linear_case(m, nd, call = "predict(m, nd)", questions = response_of)
})
add("linear_lm_interaction", {
  m <- lm(form("y ~ interaction(f, t) + interaction(g, s, sep = '_', drop = TRUE):x"), linear_rows(90, 65))
  linear_case(m, with_holes(linear_rows(15, 66)[c("f", "t", "g", "s", "x")], c("f", "s"), 5), call = "predict(m, nd)", questions = response_of)
})
add("linear_manova", {
  m <- manova(form("cbind(y, positive) ~ f + o"), linear_rows(50, 67))
  linear_case(m, linear_rows(10, 68)[c("f", "o")], call = "predict(m, nd)", questions = response_of)
})
add("linear_aov", {
  m <- aov(form("y ~ f * g + z"), linear_rows(60, 39))
  linear_case(m, linear_rows(15, 40), call = "predict(m, nd)", questions = lm_everything)
})
add("linear_rlm", {
  m <- rlm(form("y ~ x + f"), linear_rows(60, 41))
  linear_case(m, linear_rows(15, 42), call = "predict(m, nd)", package = "MASS", questions = response_of)
})
add("linear_lm_infinite", {
  m <- lm(form("y ~ x + z"), linear_rows(30, 43))
  nd <- linear_rows(6, 44)
  nd$x[1:4] <- c(Inf, -Inf, Inf, 1e300)
  nd$z[3] <- Inf
  linear_case(m, nd, call = "predict(m, nd)", questions = response_of)
})
add("linear_lm_many_rows", {
  m <- lm(form("y ~ x + z + k + f + g + w + e"), linear_rows(60, 45))
  linear_case(m, with_holes(linear_rows(1500, 46)[c("x", "z", "k", "f", "g", "w", "e")], c("x", "g"), 97), call = "predict(m, nd)", questions = lm_everything,
              notes = "more rows than a block of the kernel")
})

# ---- mlm ----
add("linear_mlm", {
  m <- lm(form("cbind(first = y, second = positive, y - positive) ~ x + f + poly(z, 2)"), linear_rows(50, 51))
  nd <- with_holes(linear_rows(15, 52), "x", 5)
  linear_case(m, nd, call = "predict(m, nd)", questions = response_of, notes = "three responses, one without a name")
})
add("linear_mlm_aliased_offset", {
  d <- linear_rows(50, 53)
  d$double <- 2 * d$x
  m <- lm(form("cbind(y, positive) ~ x + double + g"), d, offset = w)
  nd <- linear_rows(10, 54)
  nd$double <- 1
  linear_case(m, nd, call = "predict(m, nd)", questions = response_of)
})

# ---- quantile regression ----
add("linear_rq_median", {
  m <- rq(form("y ~ x + f + log(z)"), data = linear_rows(60, 61))
  linear_case(m, with_holes(linear_rows(20, 62), c("x", "f"), 7), call = "predict(m, nd)", package = "quantreg", questions = response_of)
})
add("linear_rqs_five", {
  m <- rq(form("y ~ ns(x, 3) + o"), tau = c(0.05, 0.25, 0.5, 0.75, 0.95), data = linear_rows(80, 63))
  linear_case(m, with_holes(linear_rows(20, 64), c("x", "o"), 7), call = "predict(m, nd)", package = "quantreg", questions = response_of)
})
add("linear_rq_fn_weighted", {
  m <- rq(form("y ~ x * g"), tau = 0.9, data = linear_rows(60, 65), weights = w, method = "fn")
  linear_case(m, linear_rows(20, 66), call = "predict(m, nd)", package = "quantreg", questions = response_of)
})
add("linear_rq_no_intercept", {
  m <- rq(form("y ~ 0 + f + x"), tau = 1 / 3, data = linear_rows(60, 67))
  linear_case(m, linear_rows(20, 68), call = "predict(m, nd)", package = "quantreg", questions = response_of)
})

# ---- what R refuses ----
refused_case <- function(m, nd, ...) linear_case(m, nd, call = "predict(m, nd)", fails = function(m, nd) predict(m, nd), ...)
add("linear_error_new_level", {
  nd <- linear_rows(6, 71)
  nd$f <- factor(c("red", "violet", "blue", "blue", "red", "red"))
  refused_case(lm(form("y ~ x + f"), linear_rows(40, 72)), nd)
})
add("linear_error_new_string", {
  nd <- linear_rows(6, 73)
  nd$s[3] <- "west"
  refused_case(lm(form("y ~ s"), linear_rows(40, 74)), nd)
})
add("linear_error_text_for_number", {
  nd <- linear_rows(4, 75)
  nd$x <- c("a", "b", "c", "d")
  refused_case(lm(form("y ~ x"), linear_rows(40, 76)), nd)
})
add("linear_error_missing_column", {
  refused_case(lm(form("y ~ x + log(z)"), linear_rows(40, 77)), linear_rows(4, 78)[c("x", "w")])
})
add("linear_error_missing_offset", {
  refused_case(glm(form("count ~ x"), poisson, linear_rows(40, 79), offset = log(e)), linear_rows(4, 80)["x"])
})
add("linear_error_rq_new_level", {
  nd <- linear_rows(4, 81)
  levels(nd$g) <- c("u", "other")
  refused_case(rq(form("y ~ g"), data = linear_rows(40, 82)), nd, package = "quantreg")
})
