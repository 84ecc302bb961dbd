# Golden cases of nnet and multinom. Sourced by make_golden.R at top level, after forms_cases.R, whose functions it uses.

# ---- nnet ----
net_case <- function(m, nd, types = c("raw", "class"), notes = "", as_data = identity, ...) {
  raw <- predict(m, as_data(nd))
  form_case("nnet", m, nd, call = "predict(m, nd, type = ...)", notes = notes, ties = if (ncol(raw) > 1) near_ties(raw),
            questions = function(m, nd) lapply(types, function(type) ask(type, drop(predict(m, as_data(nd), type = type)))), ...)
}
fit_net <- function(..., seed = 1) { set.seed(seed); suppressWarnings(nnet(..., trace = FALSE)) }
add("nnet_regression_linear_output", {
  d <- mixed_rows(200, 261)
  m <- fit_net(form("signal ~ a + b + k + g"), d, size = 5, linout = TRUE, decay = 1e-3, maxit = 60)
  net_case(m, with_holes(mixed_rows(50, 262)[c("g", "k", "b", "a")], c("a", "g"), 12), "raw", notes = "a row with a missing value has no answer")
})
add("nnet_two_classes", {
  d <- mixed_rows(200, 263); d$y <- two_of(d, 1)
  m <- fit_net(form("y ~ a + b + f + t"), d, size = 3, decay = 1e-2, maxit = 60)
  net_case(m, mixed_rows(50, 264)[c("a", "b", "f", "t")], notes = "one output: above a half is the second level")
})
add("nnet_softmax_interactions", {
  d <- mixed_rows(250, 265); d$y <- three_of(d, 1)
  m <- fit_net(form("y ~ a * g + poly(b, 2) + log1p(k)"), d, size = 4, decay = 1e-2, maxit = 60)
  nd <- with_holes(mixed_rows(50, 266)[c("a", "b", "k", "g")], c("b", "k"), 13)
  nd$a[3] <- NaN
  net_case(m, nd, notes = "poly, log1p, an interaction; NA and NaN drop the row")
})
add("nnet_skip_layer", {
  d <- mixed_rows(200, 267); d$y <- three_of(d, 1)
  m <- fit_net(form("y ~ a + b + o"), d, size = 3, skip = TRUE, decay = 1e-2, maxit = 60)
  net_case(m, mixed_rows(40, 268)[c("a", "b", "o")], notes = "direct connections, an ordered factor by polynomial contrasts")
})
add("nnet_no_hidden_layer", {
  d <- mixed_rows(200, 269); d$y <- two_of(d, 1)
  m <- fit_net(form("y ~ a + b"), d, size = 0, skip = TRUE, maxit = 60)
  net_case(m, mixed_rows(40, 270)[c("a", "b")])
})
add("nnet_saturated_units", {
  d <- mixed_rows(200, 271)
  d$y <- two_of(d, 1)
  m <- fit_net(form("y ~ a + b"), d, size = 2, maxit = 30)
  m$wts <- c(0, 10, 5, -1, 2, -8, 0, 20, -18)
  nd <- data.frame(a = c(-1.5, -1.5000001, -1.4999999, 1.5, 1.5000001, 0, 3, -3, 0.1), b = c(0, 0, 0, 0, 0, 3, 3, -3, 0.2))
  net_case(m, nd, notes = "logistic units are exactly 0 or 1 beyond 15")
})
add("nnet_two_responses", {
  d <- mixed_rows(150, 273)
  m <- fit_net(form("cbind(signal, b) ~ a + k"), d, size = 3, linout = TRUE, maxit = 40)
  net_case(m, mixed_rows(30, 274)[c("a", "k")], "raw")
})
add("nnet_matrix_by_position", {
  d <- mixed_rows(150, 275)
  m <- fit_net(as.matrix(d[c("a", "b", "k")]), d$signal, size = 3, linout = TRUE, maxit = 40)
  net_case(m, mixed_rows(30, 276)[c("a", "b", "k")], "raw", notes = "fitted with x and y: the file keeps no names, columns are taken in their order")
})
add("nnet_matrix_class_indicators", {
  d <- mixed_rows(150, 277)
  m <- fit_net(d[c("a", "b")], class.ind(three_of(d, 1)), size = 3, softmax = TRUE, maxit = 40)
  net_case(m, setNames(mixed_rows(30, 278)[c("a", "b")], c("V1", "V2"))[2:1][2:1])
})
add("nnet_matrix_entropy", {
  d <- mixed_rows(150, 279)
  m <- fit_net(d[c("a", "b")], as.numeric(d$signal > 0), size = 2, entropy = TRUE, maxit = 40)
  net_case(m, mixed_rows(30, 280)[c("a", "b")], notes = "entropy with x and y: the classes are 0 and 1")
})
add("nnet_censored", {
  d <- mixed_rows(150, 281)
  m <- fit_net(d[c("a", "b")], class.ind(three_of(d, 1)), size = 2, censored = TRUE, maxit = 40)
  net_case(m, mixed_rows(30, 282)[c("a", "b")], "raw")
})
add("nnet_error_new_level", {
  d <- mixed_rows(100, 283); d$y <- two_of(d, 1)
  m <- fit_net(form("y ~ a + g"), d, size = 1, maxit = 10)
  nd <- mixed_rows(5, 284)[c("a", "g")]; nd$g <- as.character(nd$g); nd$g[4] <- "none"
  form_case("nnet", m, nd, call = "predict(m, nd)", fails = function(m, nd) predict(m, nd))
})
add("nnet_error_matrix_na", {
  d <- mixed_rows(100, 285)
  m <- fit_net(as.matrix(d[c("a", "b")]), d$signal, size = 1, maxit = 10)
  form_case("nnet", m, with_holes(mixed_rows(12, 286)[c("a", "b")], "b", 5), call = "predict(m, nd)", fails = function(m, nd) predict(m, nd))
})
add("nnet_error_log_of_zero", {
  d <- mixed_rows(100, 307); d$y <- two_of(d, 1)
  m <- fit_net(form("y ~ a + log(k + 1)"), d, size = 1, maxit = 10)
  nd <- mixed_rows(6, 308)[c("a", "k")]; nd$k[5] <- -1L
  form_case("nnet", m, nd, call = "predict(m, nd)", fails = function(m, nd) predict(m, nd))
})

# ---- multinom ----
multinom_case <- function(m, nd, notes = "") {
  probs <- predict(m, nd, type = "probs")
  form_case("nnet", m, nd, call = "predict(m, nd, type = ...)", notes = notes, ties = if (is.matrix(probs)) near_ties(probs),
            questions = function(m, nd) list(ask("class", predict(m, nd)), ask("probs", unname_rows(predict(m, nd, type = "probs")))))
}
fit_multinom <- function(...) suppressWarnings(multinom(..., trace = FALSE, maxit = 60))
add("multinom_three_na", {
  d <- mixed_rows(250, 291); d$y <- three_of(d, 1)
  m <- fit_multinom(form("y ~ a + b + g + o"), d)
  multinom_case(m, with_holes(mixed_rows(60, 292)[c("o", "g", "b", "a")], c("a", "g", "o"), 13))
})
add("multinom_two", {
  d <- mixed_rows(250, 293); d$y <- two_of(d, 1)
  m <- fit_multinom(form("y ~ a + f + t"), d)
  multinom_case(m, mixed_rows(60, 294)[c("a", "f", "t")], notes = "two classes: probs is P(second), a vector")
})
add("multinom_interactions", {
  d <- mixed_rows(250, 295); d$y <- three_of(d, 1)
  m <- fit_multinom(form("y ~ a:g + I(b^2) + poly(a, 2)"), d)
  multinom_case(m, mixed_rows(60, 296)[c("a", "b", "g")])
})
add("multinom_no_intercept", {
  d <- mixed_rows(250, 297); d$y <- three_of(d, 1)
  multinom_case(fit_multinom(form("y ~ 0 + g + a"), d), mixed_rows(30, 298)[c("a", "g")])
})
add("multinom_counts", {
  d <- mixed_rows(120, 299)
  d$Y <- cbind(one = rpois(120, 3) + 1, two = rpois(120, exp(d$a / 2)), three = rpois(120, 2))
  multinom_case(fit_multinom(form("Y ~ a + b"), d), mixed_rows(30, 300)[c("a", "b")], notes = "a matrix of counts as response")
})
add("multinom_counts_unnamed", {
  d <- mixed_rows(120, 301)
  d$Y <- unname(cbind(rpois(120, 3) + 1, rpois(120, exp(d$a / 2))))
  multinom_case(fit_multinom(form("Y ~ a"), d), mixed_rows(30, 302)["a"], notes = "two columns without names: classes 1 and 2, two outputs")
})
add("multinom_sum_contrasts", {
  d <- mixed_rows(250, 303); d$y <- three_of(d, 1)
  multinom_case(fit_multinom(form("y ~ a + g"), d, contrasts = list(g = "contr.sum")), mixed_rows(30, 304)[c("a", "g")])
})
add("multinom_error_missing_column", {
  d <- mixed_rows(120, 305); d$y <- three_of(d, 1)
  form_case("nnet", fit_multinom(form("y ~ a + b"), d), mixed_rows(6, 306)[c("a", "k")], call = "predict(m, nd)", fails = function(m, nd) predict(m, nd))
})
add("multinom_error_infinite", {
  d <- mixed_rows(120, 309); d$y <- three_of(d, 1)
  nd <- mixed_rows(6, 310)[c("a", "b")]; nd$b[4] <- -Inf
  form_case("nnet", fit_multinom(form("y ~ a + b"), d), nd, call = "predict(m, nd)", fails = function(m, nd) predict(m, nd))
})
