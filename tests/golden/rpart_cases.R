# Golden cases of rpart. Sourced by make_golden.R.

suppressMessages(library(rpart))

# All types that predict.rpart has for the model; its rows of `frame` and their numbers as `where` and `node`.
rpart_answers <- function(model, rows) {
  types <- if (is.null(attr(model, "ylevels"))) c("vector", "matrix") else c("prob", "class", "vector", "matrix")
  asked <- lapply(types, function(type) ask(type, unname_rows(predict(model, rows, type = type))))
  terms <- delete.response(model$terms)
  frame <- model.frame(terms, rows, na.action = na.pass, xlev = attr(model, "xlevels"))
  where <- unname(as.integer(rpart:::pred.rpart(model, rpart:::rpart.matrix(frame))))
  c(asked, list(ask("where", where), ask("node", as.integer(row.names(model$frame))[where])))
}
unname_rows <- function(v) {
  if (is.matrix(v)) rownames(v) <- NULL else names(v) <- NULL
  v
}

# A case of one model over `rows`. `formula` is text; the rest goes to rpart().
rpart_case <- function(name, formula, data, rows, ..., weights = NULL, notes = "", fails = FALSE, store = stored_as(),
                       args = list(), change = identity) {
  add(name, {
    set.seed(11)  # cross-validation draws
    case_weights <<- weights  # model.frame() looks for it where formulas live
    model <- suppressWarnings(change(rpart(form(formula), data, weights = case_weights, ...)))
    if (fails) {
      golden_case("rpart", model, rows, "predict(m, nd)", fails = function(m, nd) predict(m, nd), notes = notes, store = store,
                  fail_args = list("--type", "vector"))
    } else {
      golden_case("rpart", model, rows, "predict(m, nd, type = ...)", rpart_answers, notes = notes, store = store, args = args)
    }
  })
}

rpart_rows <- mixed_rows(400, 71)
rpart_rows$y <- rpart_rows$signal
rpart_rows$c <- factor(ifelse(rpart_rows$signal > 0.9, "up", ifelse(rpart_rows$signal > 0, "even", "down")), c("up", "even", "down"))
rpart_rows$events <- rpois(400, exp(rpart_rows$signal / 2))
rpart_rows$time <- round(runif(400, 0.5, 3), 2)
rpart_rows$died <- runif(400) < 0.6
rpart_inputs <- c("a", "b", "k", "f", "g", "o", "t")
rpart_train <- rpart_rows[1:260, ]
rpart_new <- with_holes(rpart_rows[261:400, rpart_inputs], rpart_inputs, every = 5)
rpart_holes <- with_holes(rpart_rows[261:400, rpart_inputs], rpart_inputs, every = 2)  # most rows lack most values
rpart_holes[1, ] <- NA
rpart_deep <- rpart.control(minsplit = 4, minbucket = 1, cp = 0, xval = 0)
rpart_all <- "a + b + k + f + g + o + t"

# ---- methods -----------------------------------------------------------------------------------------------------------

rpart_case("rpart_anova", paste("y ~", rpart_all), rpart_train, rpart_new, y = FALSE)
rpart_case("rpart_anova_deep", paste("y ~", rpart_all), rpart_train, rpart_new, y = FALSE, control = rpart_deep)
rpart_case("rpart_class", paste("c ~", rpart_all), rpart_train, rpart_new, y = FALSE)
rpart_case("rpart_class_deep", paste("c ~", rpart_all), rpart_train, rpart_holes, y = FALSE, control = rpart_deep)
rpart_case("rpart_class_priors_loss", "c ~ a + b + f", rpart_train, rpart_new, y = FALSE,
           parms = list(prior = c(0.2, 0.3, 0.5), loss = matrix(c(0, 1, 4, 2, 0, 1, 6, 1, 0), 3)),
           notes = "the stored class is not the one with the largest share")
rpart_case("rpart_class_gini_weights", "c ~ a + k + g", rpart_train, rpart_new, y = FALSE, weights = rep(c(1, 3, 0.5, 2), 65),
           parms = list(split = "information"))
rpart_case("rpart_class_logical_response", "t ~ a + b + g", rpart_train, rpart_new, y = FALSE, method = "class", control = rpart_deep)
rpart_case("rpart_poisson", "events ~ a + b + f", rpart_train, rpart_new, y = FALSE, method = "poisson")
rpart_case("rpart_poisson_rate", "cbind(time, events) ~ a + b + g + o", rpart_train, rpart_holes, y = FALSE, method = "poisson",
           notes = "an observation time beside the count")
rpart_case("rpart_exp_survival", "Surv(time, died) ~ a + b + f + k", rpart_train, rpart_new, y = FALSE, notes = "method exp by the class of the response")
rpart_case("rpart_cost_weights", "y ~ a + b + k", rpart_train, rpart_new, y = FALSE, cost = c(1, 3, 0.5), weights = rep(1:4, 65))
add("rpart_user_method", {
  # Squared error by hand, with the mean and its double in each node.
  own <- list(
    init = function(y, offset, parms = NULL, wt) list(y = y, parms = parms, numresp = 2, numy = 1, summary = function(yval, dev, wt, ylevel, digits) "node"),
    eval = function(y, wt, parms) { mean <- sum(y * wt) / sum(wt); list(label = c(mean, 2 * mean), deviance = sum(wt * (y - mean)^2)) },
    split = function(y, wt, x, parms, continuous) {
      n <- length(y); left <- cumsum(y * wt)[-n]; size <- cumsum(wt)[-n]; total <- sum(y * wt)
      goodness <- left^2 / size + (total - left)^2 / (sum(wt) - size) - total^2 / sum(wt)
      list(goodness = pmax(goodness, 0) / sum(wt * y^2), direction = sign(left / size))
    })
  environment(own$init) <- environment(own$eval) <- environment(own$split) <- globalenv()
  d <- rpart_train
  d$y <- d$y - mean(d$y)
  model <- rpart(form("y ~ a + b + k"), d, method = own, y = FALSE)
  golden_case("rpart", model, rpart_new, "predict(m, nd, type = ...)", rpart_answers, notes = "method of the user: two numbers a node")
})

# ---- missing values and surrogates -------------------------------------------------------------------------------------

for (use in 0:2) {
  rpart_case(paste0("rpart_usesurrogate_", use), paste("y ~", rpart_all), rpart_train, rpart_holes, y = FALSE,
             control = rpart.control(usesurrogate = use, minsplit = 8, cp = 0, xval = 0))
}
rpart_case("rpart_maxsurrogate_0", paste("c ~", rpart_all), rpart_train, rpart_holes, y = FALSE,
           control = rpart.control(maxsurrogate = 0, minsplit = 8, cp = 0.001, xval = 0))
rpart_case("rpart_maxcompete_0", paste("c ~", rpart_all), rpart_train, rpart_holes, y = FALSE,
           control = rpart.control(maxcompete = 0, maxsurrogate = 9, minsplit = 8, cp = 0.001, xval = 0))
rpart_case("rpart_surrogatestyle_1", paste("y ~", rpart_all), rpart_train, rpart_holes, y = FALSE,
           control = rpart.control(surrogatestyle = 1, minsplit = 8, cp = 0.001, xval = 0))
rpart_case("rpart_fit_with_holes", paste("y ~", rpart_all), with_holes(rpart_train, rpart_inputs, every = 4), rpart_holes, y = FALSE,
           control = rpart.control(minsplit = 6, cp = 0, xval = 0), notes = "the training rows lacked values too")
rpart_case("rpart_nan_is_missing", "y ~ a + b", rpart_train, with_holes(rpart_new, c("a", "b"), every = 3, value = NaN), y = FALSE,
           control = rpart_deep)
add("rpart_infinities", {
  rows <- rpart_new
  rows$a[c(1, 4, 7)] <- Inf
  rows$a[c(2, 5)] <- -Inf
  golden_case("rpart", rpart(form("y ~ a + b"), rpart_train, y = FALSE), rows, "predict(m, nd, type = ...)", rpart_answers)
})
add("rpart_majority_tie", {
  # Both children hold as many rows: nothing decides, and the row stays in the inner node.
  d <- data.frame(x = rep(1:2, each = 20), u = rep(c(0.5, 1.5, 2.5, 3.5), 10))
  d$y <- 10 * d$x + d$u
  model <- rpart(form("y ~ x + u"), d, control = rpart.control(maxsurrogate = 0, cp = 0, xval = 0), y = FALSE)
  rows <- expand.grid(x = c(1, 2, NA), u = c(0.5, 2, 3.5, NA))
  golden_case("rpart", model, rows, "predict(m, nd, type = ...)", rpart_answers, notes = "ends in inner nodes")
})
add("rpart_majority_by_rows_not_weights", {
  d <- data.frame(x = c(rep(1, 30), rep(2, 20)), u = rep(c(1, 2, 3, 4, 5), 10))
  d$y <- 10 * d$x + d$u
  model <- rpart(form("y ~ x + u"), d, weights = ifelse(x == 2, 100, 1), control = rpart.control(maxsurrogate = 0, cp = 0, xval = 0), y = FALSE)
  rows <- expand.grid(x = c(1, 2, NA), u = c(1, 3, 5, NA))
  golden_case("rpart", model, rows, "predict(m, nd, type = ...)", rpart_answers, notes = "the smaller child has the larger weight")
})

# ---- factors, orders, flags --------------------------------------------------------------------------------------------

add("rpart_levels_60", {
  d <- mixed_rows(500, 72, levels = 60)
  d$y <- d$signal
  model <- rpart(form("y ~ f + a + g"), d[1:350, ], y = FALSE, control = rpart.control(minsplit = 10, cp = 0.002, xval = 0))
  rows <- with_holes(d[351:500, c("f", "a", "g")], c("f", "a"), every = 4)
  golden_case("rpart", model, rows, "predict(m, nd, type = ...)", rpart_answers, notes = "levels that a node did not meet go by its surrogates")
})
add("rpart_level_absent_everywhere", {
  d <- rpart_train
  d$g <- factor(as.character(d$g), c("low", "never", "mid", "high"))
  model <- rpart(form("y ~ g + a"), d, y = FALSE, control = rpart.control(minsplit = 10, cp = 0.001, xval = 0))
  rows <- data.frame(g = rep(c("never", "low", "mid", "high", NA), 8), a = c(rnorm(36), NA, NA, NA, NA))
  golden_case("rpart", model, rows, "predict(m, nd, type = ...)", rpart_answers, notes = "a level of the factor that no training row had")
})
rpart_case("rpart_ordered_only", "y ~ o", rpart_train, rpart_new, y = FALSE, control = rpart_deep)
rpart_case("rpart_ordered_surrogates", "y ~ o + a + k + t", transform(rpart_train, a = as.integer(o) + a / 5), rpart_holes, y = FALSE, control = rpart_deep)
rpart_case("rpart_factor_surrogates", "c ~ a + twin + b", transform(rpart_train, twin = factor(letters[1 + findInterval(a, c(-1, -0.4, 0.2, 0.9))])),
           transform(rpart_holes, twin = factor(letters[1 + findInterval(rpart_rows$a[261:400], c(-1, -0.4, 0.2, 0.9))])), y = FALSE,
           control = rpart.control(minsplit = 8, cp = 0, xval = 0), notes = "a factor stands in for a number")
rpart_case("rpart_text_predictor", "y ~ a + w", transform(rpart_train, w = as.character(g)), transform(rpart_new, w = as.character(g)), y = FALSE,
           control = rpart_deep, notes = "fitted with text")
rpart_case("rpart_levels_other_order", "y ~ f + a", rpart_train,
           transform(rpart_new, f = factor(as.character(f), rev(levels(rpart_rows$f)))), y = FALSE, control = rpart_deep)

# ---- shapes of trees ---------------------------------------------------------------------------------------------------

rpart_case("rpart_root_only", "y ~ a + f", rpart_train, rpart_new, y = FALSE, cp = 1)
rpart_case("rpart_root_only_class", "c ~ a + f", rpart_train, rpart_new, y = FALSE, cp = 1)
rpart_case("rpart_one_split", "y ~ a", rpart_train, rpart_new, y = FALSE, maxdepth = 1, notes = "row names 1, 2, 3, which R stores in its short form")
add("rpart_depth_30", {
  # Each row lies far beyond all before it, so that every split takes off one: node numbers up to 2^31 - 1.
  d <- data.frame(x = 1:34, z = rep(1:2, 17))
  d$y <- 3^(1:34)
  model <- rpart(form("y ~ x + z"), d, control = rpart.control(minsplit = 2, minbucket = 1, cp = 0, maxdepth = 30, xval = 0, maxsurrogate = 1), y = FALSE)
  stopifnot(max(as.integer(row.names(model$frame))) > 2^29)
  golden_case("rpart", model, data.frame(x = c(seq(0.5, 35, by = 0.5), NA), z = 1), "predict(m, nd, type = ...)", rpart_answers)
})
add("rpart_depth_30_right", {
  d <- data.frame(x = -(1:34), z = rep(1:2, 17))
  d$y <- -3^(1:34)
  model <- rpart(form("y ~ x + z"), d, control = rpart.control(minsplit = 2, minbucket = 1, cp = 0, maxdepth = 30, xval = 0), y = FALSE)
  golden_case("rpart", model, data.frame(x = -c(seq(0.5, 35, by = 0.5), NA), z = 1), "predict(m, nd, type = ...)", rpart_answers)
})
rpart_case("rpart_pruned", paste("c ~", rpart_all), rpart_train, rpart_holes, y = FALSE, control = rpart.control(minsplit = 6, cp = 0, xval = 0),
           change = function(m) prune(m, cp = 0.01))
rpart_case("rpart_snipped", paste("y ~", rpart_all), rpart_train, rpart_holes, y = FALSE, control = rpart_deep,
           change = function(m) snip.rpart(m, c(5, 6, 8)))
rpart_case("rpart_pruned_to_root", "y ~ a + f", rpart_train, rpart_new, y = FALSE, change = function(m) prune(m, cp = 1))
add("rpart_on_the_threshold", {
  d <- data.frame(k = rep(1:12, 10), h = round(seq(-3, 3, length.out = 120), 1))
  d$y <- sin(d$k) + d$h^2
  model <- rpart(form("y ~ k + h"), d, y = FALSE, control = rpart_deep)
  at <- unique(model$splits[, "index"])
  rows <- data.frame(k = rep_len(c(at, 1:12), 120), h = rep_len(c(rev(at), at + 2^-40, at - 2^-40), 120))
  golden_case("rpart", model, rows, "predict(m, nd, type = ...)", rpart_answers, notes = "numbers that are thresholds, or next to one")
})

# ---- formulas and what a model keeps -----------------------------------------------------------------------------------

rpart_case("rpart_formula_expressions", "y ~ log(k + 1) + I(a^2) + factor(k > 2) + sqrt(abs(b))", rpart_train, rpart_holes, y = FALSE, control = rpart_deep)
rpart_case("rpart_formula_matrices", "y ~ poly(a, 2) + cbind(b, k)", rpart_train, rpart_new, y = FALSE, control = rpart_deep,
           notes = "columns of a matrix are variables of their own")
rpart_case("rpart_formula_minus", "y ~ . - k - f", rpart_train[c("y", rpart_inputs)], rpart_new, y = FALSE, notes = "k and f are demanded and not used")
rpart_case("rpart_formula_no_intercept", "y ~ a + b + g - 1", rpart_train, rpart_new, y = FALSE, control = rpart_deep,
           notes = "rpart drops the first column of a matrix without an intercept")
rpart_case("rpart_formula_no_intercept_factors", "y ~ a + o + g - 1", rpart_train, rpart_new, y = FALSE, control = rpart_deep,
           notes = "the dropped column shifts what rpart takes for ordered: o is split by sets of levels, g by codes")
add("rpart_backtick_names", {
  d <- rpart_train[c("y", "a", "g")]
  names(d) <- c("y", "a value", "class")
  rows <- setNames(rpart_new[c("a", "g")], c("a value", "class"))
  golden_case("rpart", rpart(form("y ~ `a value` + class"), d, y = FALSE, control = rpart_deep), rows, "predict(m, nd, type = ...)", rpart_answers)
})
rpart_case("rpart_offset", "events ~ a + b + offset(time)", rpart_train, transform(rpart_new, time = 1), y = FALSE, method = "anova",
           notes = "the offset was taken from y when fitting; predict() demands its column and does not add it")
rpart_case("rpart_keeps_model", "c ~ a + g", rpart_train[1:120, ], rpart_new, model = TRUE, x = TRUE, y = TRUE)
add("rpart_dates", {
  d <- transform(rpart_train, day = as.Date("2024-01-01") + round(100 * (a + 3)))
  model <- rpart(form("y ~ day + g"), d, y = FALSE, control = rpart.control(minsplit = 10, cp = 0.001, xval = 0))
  rows <- transform(rpart_new, day = as.Date("2024-01-01") + round(100 * (a + 3)))[c("day", "g")]
  write_rows_as <- transform(rows, day = as.numeric(day))
  golden_case("rpart", model, write_rows_as, "predict(m, nd, type = ...)", function(m, nd) rpart_answers(m, rows),
              notes = "days since 1970 in the input, a Date in R")
})
rpart_case("rpart_integers_and_flags", "y ~ k + t", rpart_train, rpart_new, y = FALSE, control = rpart_deep)

# ---- where R stops -----------------------------------------------------------------------------------------------------

rpart_case("rpart_error_new_level", "y ~ f + a", rpart_train, transform(rpart_new, f = "L999"), fails = TRUE, y = FALSE)
rpart_case("rpart_error_missing_column", "y ~ f + a", rpart_train, rpart_new["a"], fails = TRUE, y = FALSE)
rpart_case("rpart_error_text_for_number", "y ~ f + a", rpart_train, transform(rpart_new, a = "one"), fails = TRUE, y = FALSE)
rpart_case("rpart_error_new_level_unused", "y ~ f + a", rpart_train, transform(rpart_new, f = "L999"), fails = TRUE, y = FALSE, cp = 1,
           notes = "even a tree of one leaf looks at the levels")

# ---- stored forms ------------------------------------------------------------------------------------------------------

rpart_case("rpart_stored_version_2", paste("c ~", rpart_all), rpart_train, rpart_new, y = FALSE, store = stored_as(version = 2))
rpart_case("rpart_stored_xz_ascii", paste("y ~", rpart_all), rpart_train, rpart_new, y = FALSE, store = stored_as(compress = "xz"))
rpart_case("rpart_stored_rdata", "y ~ a + f", rpart_train, rpart_new, y = FALSE, store = stored_as(format = "RData"), args = list("--object", "m"))
