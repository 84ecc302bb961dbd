# Golden cases of gbm. Sourced by make_golden.R at top level: models are fitted to global data, so that their calls and
# formulas name it instead of holding it.

gbm_case <- function(...) golden_case(package = "gbm", ...)
fit_gbm <- function(..., keep.data = FALSE) suppressMessages(suppressWarnings(gbm(..., keep.data = keep.data, verbose = FALSE)))
fit_gbm_xy <- function(..., keep.data = FALSE) suppressMessages(suppressWarnings(gbm.fit(..., keep.data = keep.data, verbose = FALSE)))

link_and_response <- function(m, nd, n = m$n.trees, tolerance = 1e-14) {
  list(ask("link", predict(m, nd, n.trees = n), n.trees = n),
       ask("response", predict(m, nd, n.trees = n, type = "response"), n.trees = n, tolerance = tolerance))
}
link_only <- function(m, nd) list(ask("link", predict(m, nd, n.trees = m$n.trees), n.trees = m$n.trees))
link_default <- function(m, nd) list(ask("link", predict(m, nd)), ask("response", predict(m, nd, type = "response"), tolerance = 1e-14))

# ---- one case for each distribution: both types, two tree counts asked out of order ----
distributions <- list(
  gaussian = list(y = quote(s + rnorm(n, 0, 0.3))),
  laplace = list(y = quote(s + rt(n, 3))),
  tdist = list(y = quote(s + rt(n, 3)), as = list(name = "tdist", df = 5)),
  bernoulli = list(y = quote(rbinom(n, 1, plogis(s)))),
  huberized = list(y = quote(rbinom(n, 1, plogis(s)))),
  adaboost = list(y = quote(rbinom(n, 1, plogis(s)))),
  poisson = list(y = quote(rpois(n, exp(s / 2)))),
  coxph = list(y = quote(rexp(n, exp(s / 2))), formula = "Surv(y, e) ~ a + b + k + f"),
  quantile = list(y = quote(s + rnorm(n)), as = list(name = "quantile", alpha = 0.75)),
  pairwise = list(y = quote(rbinom(n, 1, plogis(s))), as = list(name = "pairwise", group = "q", metric = "conc"))
)
for (label in names(distributions)) add(paste0("gbm_dist_", label), {
  d <- mixed_rows(260, 11)
  n <- nrow(d)
  s <- d$signal
  set.seed(12)
  d$y <- eval(distributions[[label]]$y)
  d$e <- rbinom(n, 1, 0.7)
  d$q <- rep(seq_len(n / 10), each = 10)
  how <- if (is.null(distributions[[label]]$as)) list(name = label) else distributions[[label]]$as
  shape <- form(if (is.null(distributions[[label]]$formula)) "y ~ a + b + k + f" else distributions[[label]]$formula)
  set.seed(1)
  m <- fit_gbm(shape, how, d, n.trees = 40, interaction.depth = 3, n.minobsinnode = 5, shrinkage = 0.1)
  nd <- with_holes(mixed_rows(60, 13)[c("k", "a", "signal", "f", "b")], c("a", "f"), 9)
  gbm_case(m, nd, call = "predict(m, nd, n.trees = c(40, 7), type = ...)", questions = function(m, nd) link_and_response(m, nd, c(40, 7)),
           notes = "both types; n.trees falling: columns keep the order asked for; one column too many, another column order")
})

# ---- multinomial ----
three_classes <- function(d, seed) {
  set.seed(seed)
  factor(c("red", "green", "blue")[1 + (d$signal + rnorm(nrow(d), 0, 0.5) > 0) + (d$b > 1)], c("red", "green", "blue", "unused"))
}
add("gbm_multinomial_na_counts", {
  d <- mixed_rows(300, 21)
  d$y <- three_classes(d, 22)
  set.seed(1)
  m <- fit_gbm(form("y ~ a + b + f + g"), "multinomial", d, n.trees = 25, interaction.depth = 3, n.minobsinnode = 4)
  nd <- with_holes(mixed_rows(50, 23), c("a", "b", "g"), 8)[c("a", "b", "f", "g")]
  gbm_case(m, nd, call = "predict(m, nd, n.trees = 25 | c(25, 3, 10), type = ...)", notes = "three-way answer: T:class.n",
           questions = function(m, nd) c(link_and_response(m, nd, c(25, 3, 10)),
             list(ask("link", predict(m, nd, n.trees = 25), n.trees = 25, as = "link_25"),
                  ask("response", predict(m, nd, n.trees = 25, type = "response"), n.trees = 25, as = "response_25", tolerance = 1e-14))))
})
add("gbm_multinomial_two_classes", {
  d <- mixed_rows(200, 24)
  d$y <- ifelse(d$signal > 0, "yes", "no")
  set.seed(1)
  m <- fit_gbm(form("y ~ a + b"), "multinomial", d, n.trees = 12, interaction.depth = 2, shrinkage = 0.3)
  gbm_case(m, mixed_rows(30, 25)[c("a", "b")], call = "predict(m, nd, type = ...)", questions = link_default,
           notes = "labels of a character response in sorted order; n.trees left out")
})

# ---- which n.trees a model picks by itself ----
add("gbm_default_trees_test", {
  d <- mixed_rows(300, 31)
  set.seed(1)
  m <- fit_gbm(form("signal ~ a + b"), "gaussian", d, n.trees = 60, interaction.depth = 6, shrinkage = 0.6, n.minobsinnode = 2, train.fraction = 0.5)
  stopifnot(which.min(m$valid.error) < 60)
  gbm_case(m, mixed_rows(40, 32)[c("a", "b")], call = "predict(m, nd)", questions = link_default,
           notes = "train.fraction < 1: the first smallest valid.error")
})
add("gbm_default_trees_cv", {
  d <- mixed_rows(200, 33)
  d$y <- d$signal + sin(1e3 * d$a)
  set.seed(1)
  m <- fit_gbm(form("y ~ a + b"), "gaussian", d, n.trees = 50, interaction.depth = 4, shrinkage = 0.4, n.minobsinnode = 2, cv.folds = 3, n.cores = 1)
  stopifnot(which.min(m$cv.error) < 50)
  gbm_case(m, mixed_rows(40, 34)[c("a", "b")], call = "predict(m, nd)", questions = link_default,
           notes = "cv.folds: the first smallest cv.error")
})
add("gbm_default_trees_cv_and_test", {
  d <- mixed_rows(240, 35)
  d$y <- rbinom(240, 1, plogis(d$signal))
  set.seed(1)
  m <- fit_gbm(form("y ~ a + b"), "bernoulli", d, n.trees = 40, interaction.depth = 4, shrinkage = 0.4, n.minobsinnode = 2, cv.folds = 3, train.fraction = 0.7, n.cores = 1)
  stopifnot(which.min(m$cv.error) != which.min(m$valid.error))
  gbm_case(m, mixed_rows(40, 36)[c("a", "b")], call = "predict(m, nd)", questions = link_default,
           notes = "both are there and differ: the test split wins over cross-validation")
})
add("gbm_default_trees_all_keep_data", {
  d <- mixed_rows(150, 37)
  set.seed(1)
  m <- fit_gbm(form("signal ~ a + b + f"), "laplace", d, n.trees = 30, interaction.depth = 2, keep.data = TRUE)
  gbm_case(m, mixed_rows(40, 38)[c("a", "b", "f")], call = "predict(m, nd)", questions = link_default,
           notes = "neither: all trees (never the out-of-bag estimate); keep.data = TRUE leaves the training rows in the file")
})

# ---- asking for trees ----
add("gbm_single_tree", {
  d <- mixed_rows(200, 41)
  set.seed(1)
  m <- fit_gbm(form("signal ~ a + b + g"), "gaussian", d, n.trees = 30, interaction.depth = 3)
  nd <- with_holes(mixed_rows(40, 42)[c("a", "b", "g")], c("b", "g"), 7)
  gbm_case(m, nd, call = "predict(m, nd, n.trees = 5 | c(30, 1, 9), single.tree = TRUE)", notes = "tree n alone, without initF",
           questions = function(m, nd) list(
             ask("link", predict(m, nd, n.trees = 5, single.tree = TRUE), n.trees = 5, single.tree = TRUE, as = "link_tree5"),
             ask("link", predict(m, nd, n.trees = c(30, 1, 9), single.tree = TRUE), n.trees = c(30, 1, 9), single.tree = TRUE)))
})
add("gbm_many_tree_counts", {
  d <- mixed_rows(200, 43)
  d$y <- rpois(200, exp(d$signal / 2))
  set.seed(1)
  m <- fit_gbm(form("y ~ a + b + g"), "poisson", d, n.trees = 30, interaction.depth = 2)
  gbm_case(m, mixed_rows(25, 44)[c("g", "b", "a")], call = "predict(m, nd, n.trees = c(0, 20, 1, 30), type = ...)",
           questions = function(m, nd) link_and_response(m, nd, c(0, 20, 1, 30)), notes = "n.trees = 0 is initF alone")
})
add("gbm_tree_count_too_large", {
  d <- mixed_rows(200, 43)
  set.seed(1)
  m <- fit_gbm(form("signal ~ a + b + g"), "gaussian", d, n.trees = 20, interaction.depth = 2)
  gbm_case(m, mixed_rows(25, 44)[c("g", "b", "a")], call = "predict(m, nd, n.trees = c(10, 500))", notes = "R warns, uses 20 trees and names the column 20",
           questions = function(m, nd) list(ask("link", predict(m, nd, n.trees = c(10, 500)), n.trees = c(10, 500))))
})

# ---- features ----
add("gbm_levels_200_unseen", {
  d <- mixed_rows(1500, 51, levels = 200)
  d <- d[!(as.integer(d$f) %in% c(7, 77)), ]
  set.seed(1)
  m <- fit_gbm(form("signal ~ f + a + o"), "gaussian", d, n.trees = 12, interaction.depth = 4)
  nd <- mixed_rows(120, 52, levels = 200)[c("f", "a", "o")]
  nd$f <- as.character(nd$f)
  nd$f[c(3, 30, 60)] <- c("L007", "L077", "")
  nd$f[c(4, 40)] <- c("never seen", "l001")
  nd$f[5] <- NA
  nd$f <- factor(nd$f)
  gbm_case(m, nd, call = "predict(m, nd, n.trees = 12)", questions = link_only,
           notes = "198 levels (two unused ones dropped at the fit); unseen strings and the empty string go to the missing node; ordered factor as a number")
})
add("gbm_levels_other_order", {
  d <- mixed_rows(300, 53)
  set.seed(1)
  m <- fit_gbm(form("signal ~ f + g + o"), "gaussian", d, n.trees = 20, interaction.depth = 4)
  nd <- mixed_rows(60, 54)[c("f", "g", "o")]
  nd$f <- factor(as.character(nd$f), rev(levels(nd$f)))
  nd$g <- factor(as.character(nd$g), c("extra", "mid", "high", "low", "more"))
  nd$o <- factor(as.character(nd$o), c("XL", "S", "L", "M"), ordered = TRUE)
  gbm_case(m, nd, call = "predict(m, nd, n.trees = 20)", questions = link_only, notes = "levels are matched by name, ordered factors too")
})
add("gbm_level_absent_at_node", {
  d <- mixed_rows(400, 55, levels = 30)
  d <- d[!(d$a > 0 & as.integer(d$f) > 20), ]
  set.seed(1)
  m <- fit_gbm(form("signal ~ f + a"), "gaussian", d, n.trees = 20, interaction.depth = 6, n.minobsinnode = 3)
  nd <- mixed_rows(120, 56, levels = 30)[c("f", "a")]
  gbm_case(m, nd, call = "predict(m, nd, n.trees = 20)", questions = link_only, notes = "a level known to the model but absent at a node (0 in c.splits) goes to its missing node")
})
add("gbm_na_is_not_nan", {
  d <- with_holes(mixed_rows(300, 57), c("a", "b", "f"), 5)
  d$k <- as.numeric(d$k)
  set.seed(1)
  m <- fit_gbm(form("signal ~ a + b + k + f"), "gaussian", d, n.trees = 25, interaction.depth = 4)
  nd <- mixed_rows(80, 58)[c("a", "b", "k", "f")]
  nd$k <- as.numeric(nd$k)
  nd <- with_holes(with_holes(nd, c("a", "b", "k", "f"), 4), c("b", "a", "k"), 5, NaN)
  nd[80, 1:3] <- c(Inf, -Inf, -0)
  gbm_case(m, nd, call = "predict(m, nd, n.trees = 25)", questions = link_only,
           notes = "NA goes to the missing node, NaN to the right (no comparison holds); trained with NA; Inf, -Inf, -0")
})
add("gbm_on_the_threshold", {
  d <- mixed_rows(400, 59)
  d$a <- round(d$a, 2)
  set.seed(1)
  m <- fit_gbm(form("signal ~ a + b + k + o"), "gaussian", d, n.trees = 20, interaction.depth = 5)
  cuts <- do.call(rbind, lapply(m$trees, function(t) data.frame(j = t[[1]], cut = t[[2]])[t[[1]] >= 0, ]))
  beside <- function(v) c(v, v + c(-1, 1) %x% (2^(floor(log2(abs(v))) - 52)))
  values <- lapply(0:2, function(j) { v <- unique(cuts$cut[cuts$j == j]); beside(v[v != 0]) })
  nd <- data.frame(a = rep_len(values[[1]], 240), b = rev(rep_len(values[[2]], 240)), k = rep_len(values[[3]], 240),
                   o = factor(rep(c("S", "M", "L", "XL"), 60), c("S", "M", "L", "XL"), ordered = TRUE))
  gbm_case(m, nd, call = "predict(m, nd, n.trees = 20)", questions = link_only, notes = "values on split points and one unit in the last place beside them: x < split goes left")
})
add("gbm_offset_ignored", {
  d <- mixed_rows(250, 61)
  d$exposure <- runif(250, 1, 4)
  d$y <- rpois(250, d$exposure * exp(d$signal / 3))
  set.seed(1)
  m <- fit_gbm(form("y ~ a + b + offset(log(exposure))"), "poisson", d, n.trees = 20, interaction.depth = 2)
  gbm_case(m, mixed_rows(30, 62)[c("a", "b")], call = "predict(m, nd, n.trees = 20, type = ...)", questions = link_and_response,
           notes = "R warns and leaves the offset out; newdata need not hold its column")
})
add("gbm_integer_logical_input", {
  d <- mixed_rows(250, 63)
  d$flag <- as.integer(d$t)
  set.seed(1)
  m <- fit_gbm(form("signal ~ k + flag + b"), "gaussian", d, n.trees = 20, interaction.depth = 3)
  nd <- mixed_rows(40, 64)
  nd <- with_holes(data.frame(b = as.integer(nd$b), flag = nd$t, k = as.integer(nd$k)), c("flag", "k"), 7)
  gbm_case(m, nd, call = "predict(m, nd, n.trees = 20)", questions = link_only, notes = "TRUE and FALSE in newdata where 0/1 was fitted (gbm refuses logical features when fitting)")
})
add("gbm_backtick_names", {
  d <- mixed_rows(250, 65)[c("a", "b", "g", "signal")]
  names(d) <- c("net price (EUR)", "2nd", "gr\u00f6\u00dfe", "signal")
  set.seed(1)
  m <- fit_gbm(form("signal ~ `net price (EUR)` + `2nd` + gr\u00f6\u00dfe"), "gaussian", d, n.trees = 15, interaction.depth = 3)
  nd <- setNames(mixed_rows(30, 66)[c("g", "a", "b")], c("gr\u00f6\u00dfe", "net price (EUR)", "2nd"))
  gbm_case(m, nd, call = "predict(m, nd, n.trees = 15)", questions = link_only, notes = "var.names keep their backticks; one name is not ASCII")
})
add("gbm_formula_expressions", {
  d <- mixed_rows(300, 67)
  d$p <- exp(d$a)
  set.seed(1)
  m <- fit_gbm(form("signal ~ log(p) + I(b^2) + factor(k) + g"), "gaussian", d, n.trees = 20, interaction.depth = 3)
  nd <- mixed_rows(40, 68)
  nd <- data.frame(p = exp(nd$a), b = nd$b, k = nd$k, g = nd$g)
  gbm_case(m, nd, call = "predict(m, nd, n.trees = 20)", questions = link_only,
           notes = "features are expressions of columns: log(p), I(b^2), factor(k)")
})
add("gbm_formula_dot_minus_interaction", {
  d <- mixed_rows(200, 69)[c("a", "b", "k", "g", "signal")]
  set.seed(1)
  m <- fit_gbm(form("signal ~ . - k + a:b"), "gaussian", d, n.trees = 15, interaction.depth = 2)
  gbm_case(m, mixed_rows(30, 70)[c("b", "g", "a")], call = "predict(m, nd, n.trees = 15)", questions = link_only,
           notes = "var.names holds a:b, yet the features are the variables a, b, g; k is not needed")
})
add("gbm_fit_data_frame", {
  d <- mixed_rows(250, 71)[c("b", "f", "o", "a")]
  y <- mixed_rows(250, 71)$signal
  set.seed(1)
  m <- fit_gbm_xy(d, y, distribution = "gaussian", n.trees = 25, interaction.depth = 3, shrinkage = 0.1)
  nd <- with_holes(mixed_rows(40, 72)[c("b", "f", "o", "a")], c("b", "f"), 8)
  gbm_case(m, nd, call = "predict(m, nd, n.trees = 25)", questions = link_only, notes = "gbm.fit: no Terms; R takes newdata by position")
})
add("gbm_fit_matrix_test_split", {
  d <- as.matrix(mixed_rows(250, 73)[c("b", "a", "k")])
  y <- as.integer(mixed_rows(250, 73)$signal > 0)
  set.seed(1)
  m <- fit_gbm_xy(d, y, distribution = "bernoulli", n.trees = 50, interaction.depth = 5, shrinkage = 0.4, n.minobsinnode = 3, nTrain = 150)
  gbm_case(m, mixed_rows(40, 74)[c("b", "a", "k")], call = "predict(m, nd, type = ...)", questions = link_default, notes = "gbm.fit on a matrix with nTrain: default n.trees from valid.error")
})

add("gbm_formula_comparisons", {
  d <- mixed_rows(300, 75)
  d$p <- exp(d$a)
  set.seed(1)
  m <- fit_gbm(form("signal ~ as.numeric(g == 'mid') + ifelse(b > 0, sqrt(p), -1) + factor(t):log1p(p) + factor(k %% 2) + b"), "gaussian", d,
               n.trees = 20, interaction.depth = 3)
  nd <- mixed_rows(40, 76)
  nd <- with_holes(data.frame(t = nd$t, p = exp(nd$a), b = nd$b, k = nd$k, g = nd$g), c("g", "p", "k", "t"), 9)
  gbm_case(m, nd, call = "predict(m, nd, n.trees = 20)", questions = link_only,
           notes = "comparisons with text, a condition, an interaction whose variables are expressions; missing values in each")
})
add("gbm_fit_matrix_no_names", {
  d <- unname(as.matrix(mixed_rows(200, 77)[c("b", "a", "k")]))
  set.seed(1)
  m <- fit_gbm_xy(d, mixed_rows(200, 77)$signal, distribution = "gaussian", n.trees = 15, interaction.depth = 3)
  nd <- setNames(mixed_rows(30, 78)[c("b", "a", "k")], c("V1", "V2", "V3"))
  gbm_case(m, nd, call = "predict(m, nd, n.trees = 15)", questions = link_only, notes = "var.names is NULL: the columns are V1, V2, V3 by position")
})

# ---- shapes of trees: stumps to 50 leaves ----
for (depth in c(1, 5, 10, 20, 40, 49)) add(paste0("gbm_depth_", depth), {
  d <- mixed_rows(900, 80 + depth)
  set.seed(1)
  m <- fit_gbm(form("signal ~ a + b + k + f"), "gaussian", d, n.trees = max(8, 60 %/% depth), interaction.depth = depth,
               n.minobsinnode = if (depth > 30) 1 else 3, shrinkage = 0.2, bag.fraction = 0.7)
  nd <- with_holes(mixed_rows(150, 81)[c("a", "b", "k", "f")], c("a", "f"), 11)
  gbm_case(m, nd, call = "predict(m, nd, n.trees = all)", questions = link_only,
           notes = paste("largest tree has", max(sapply(m$trees, function(t) sum(t[[1]] == -1))), "leaves, those of missing values counted"))
})

# ---- what R refuses ----
add("gbm_error_missing_column", {
  d <- mixed_rows(150, 91)
  set.seed(1)
  m <- fit_gbm(form("signal ~ a + b + g"), "gaussian", d, n.trees = 5, n.minobsinnode = 3)
  gbm_case(m, mixed_rows(10, 92)[c("a", "g")], call = "predict(m, nd, n.trees = 5)", fails = function(m, nd) predict(m, nd, n.trees = 5))
})
