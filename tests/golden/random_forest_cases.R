# Golden cases of randomForest. Sourced by make_golden.R at top level.

forest_case <- function(...) golden_case(package = "randomForest", ...)
fit_forest <- function(...) suppressWarnings(randomForest(...))
response_only <- function(m, nd) list(ask("response", predict(m, nd)))
all_votes <- function(m, nd) {
  list(ask("response", predict(m, nd)), ask("prob", predict(m, nd, type = "prob")), ask("vote", predict(m, nd, type = "vote")),
       ask("vote_count", predict(m, nd, type = "vote", norm.votes = FALSE)))
}
ties_of <- function(m, nd, cutoff = m$forest$cutoff) tie_rows(predict(m, nd, type = "vote", norm.votes = FALSE), cutoff, m$forest$ntree)
classes_of <- function(d, seed) {
  set.seed(seed)
  factor(c("red", "green", "blue")[1 + (d$signal + rnorm(nrow(d), 0, 0.7) > 0) + (d$b > 1)], c("red", "green", "blue"))
}

# ---- regression ----
add("rf_reg_formula", {
  d <- mixed_rows(200, 111)
  set.seed(1)
  m <- fit_forest(form("signal ~ a + b + k + f + t"), d, ntree = 12, nodesize = 8)
  nd <- with_holes(mixed_rows(60, 112)[c("t", "k", "f", "b", "a", "g")], c("a", "f", "k"), 13)
  nd$b[5] <- NaN
  nd$g[7] <- NA
  forest_case(m, nd, call = "predict(m, nd)", questions = response_only,
              notes = "12-level factor, logical, integer; a row with NA or NaN in a used column gives NA, in an unused one it does not")
})
add("rf_reg_xy_matrix", {
  d <- as.matrix(mixed_rows(200, 113)[c("a", "b", "k")])
  y <- mixed_rows(200, 113)$signal
  set.seed(1)
  m <- fit_forest(d, y, ntree = 12, nodesize = 8)
  forest_case(m, mixed_rows(50, 114)[c("k", "g", "a", "b")], call = "predict(m, nd)", questions = response_only,
              notes = "x/y interface on a matrix: columns found by name, one too many")
})
add("rf_reg_corr_bias", {
  d <- mixed_rows(200, 115)
  set.seed(1)
  m <- fit_forest(form("signal ~ a + b + f"), d, ntree = 10, nodesize = 10, corr.bias = TRUE)
  forest_case(m, mixed_rows(50, 116)[c("a", "b", "f")], call = "predict(m, nd)", questions = response_only, notes = "coefs[1] + coefs[2] * mean of the trees")
})
add("rf_reg_keep_inbag_importance", {
  d <- mixed_rows(120, 117)
  set.seed(1)
  m <- fit_forest(form("signal ~ a + b + g + o"), d, ntree = 8, nodesize = 8, keep.inbag = TRUE, importance = TRUE, localImp = TRUE, proximity = TRUE)
  nd <- mixed_rows(40, 118)[c("a", "b", "g", "o")]
  nd$o <- as.integer(nd$o)
  forest_case(m, nd, call = "predict(m, nd)", questions = response_only,
              notes = "importance is a wide matrix, inbag and proximity kept; the formula interface forgets the levels of an ordered factor: newdata holds its codes")
})
add("rf_reg_one_tree_one_row", {
  d <- mixed_rows(150, 119)
  set.seed(1)
  m <- fit_forest(form("signal ~ a + b"), d, ntree = 1)
  forest_case(m, mixed_rows(1, 120)[c("a", "b")], call = "predict(m, nd)", questions = response_only)
})
add("rf_reg_many_small_trees", {
  d <- mixed_rows(150, 121)
  set.seed(1)
  m <- fit_forest(form("signal ~ a + b + k + g"), d, ntree = 450, maxnodes = 6)
  forest_case(m, mixed_rows(80, 122)[c("a", "b", "k", "g")], call = "predict(m, nd)", questions = response_only, notes = "450 trees of 6 leaves: the sum runs in tree order")
})
add("rf_reg_deep", {
  d <- mixed_rows(900, 123)
  set.seed(1)
  m <- fit_forest(form("signal ~ a + b + k"), d, ntree = 4, nodesize = 1)
  forest_case(m, mixed_rows(300, 124)[c("a", "b", "k")], call = "predict(m, nd)", questions = response_only,
              notes = paste("largest tree has", max(m$forest$ndbigtree), "nodes; shorter trees are padded with rows of zeros"))
})
add("rf_reg_stump_only_root", {
  d <- mixed_rows(40, 125)
  set.seed(1)
  m <- fit_forest(form("signal ~ a + b"), d, ntree = 6, nodesize = 60)
  forest_case(m, mixed_rows(6, 126)[c("a", "b")], call = "predict(m, nd)", questions = response_only, notes = "every tree is a lone root")
})
add("rf_reg_on_the_threshold", {
  d <- mixed_rows(300, 127)
  set.seed(1)
  m <- fit_forest(form("signal ~ a + b"), d, ntree = 6, nodesize = 15)
  inner <- which(m$forest$nodestatus == -3)
  beside <- function(v) c(v, v + c(-1, 1) %x% (2^(floor(log2(abs(v))) - 52)))
  values <- lapply(1:2, function(j) { v <- unique(m$forest$xbestsplit[inner][m$forest$bestvar[inner] == j]); beside(v[v != 0]) })
  nd <- data.frame(a = rep_len(values[[1]], 200), b = rev(rep_len(values[[2]], 200)))
  forest_case(m, nd, call = "predict(m, nd)", questions = response_only, notes = "values on split points and one unit in the last place beside them: x <= split goes left")
})
add("rf_reg_nodes_and_trees", {
  d <- mixed_rows(120, 129)
  set.seed(1)
  m <- fit_forest(form("signal ~ a + g"), d, ntree = 5, nodesize = 12)
  forest_case(m, mixed_rows(25, 130)[c("a", "g")], call = "predict(m, nd, predict.all = TRUE)$individual; attr(predict(m, nd, nodes = TRUE), 'nodes')",
              questions = function(m, nd) list(ask("individual", unname(predict(m, nd, predict.all = TRUE)$individual)),
                                               ask("nodes", attr(predict(m, nd, nodes = TRUE), "nodes"))),
              notes = "each tree's own prediction; terminal node numbers from 1")
})

add("rf_class_nodes_and_trees", {
  d <- mixed_rows(150, 141)
  d$y <- classes_of(d, 142)
  set.seed(1)
  m <- fit_forest(form("y ~ a + g + k"), d, ntree = 6, nodesize = 10)
  nd <- with_holes(mixed_rows(24, 143)[c("a", "g", "k")], "a", 8)
  whole <- which(complete.cases(nd))
  in_place <- function(answers) {  # for a classification R gives them for the rows that have all values
    all <- matrix(answers[NA_integer_], nrow(nd), m$ntree)
    all[whole, ] <- answers
    all
  }
  labels <- function(m, nd) in_place(predict(m, nd[whole, ], predict.all = TRUE)$individual)
  nodes <- function(m, nd) in_place(attr(predict(m, nd[whole, ], nodes = TRUE), "nodes"))
  forest_case(m, nd, call = "predict(m, nd, predict.all = TRUE)$individual; attr(predict(m, nd, nodes = TRUE), 'nodes')",
              questions = function(m, nd) list(ask("individual", labels(m, nd)), ask("nodes", nodes(m, nd))),
              notes = "each tree's own class; terminal node numbers; rows with a missing value have neither")
})
add("rf_formula_ordered_codes", {
  d <- mixed_rows(200, 144)
  set.seed(1)
  m <- fit_forest(form("signal ~ a + o + b"), d, ntree = 8, nodesize = 8)
  nd <- mixed_rows(30, 145)[c("b", "o", "a")]
  nd$o <- as.integer(nd$o)
  forest_case(m, nd, call = "predict(m, nd)", questions = response_only,
              notes = "the formula interface does not keep an ordered factor's levels: its codes are given")
})

# ---- factors ----
for (count in c(2, 31, 33, 53)) add(paste0("rf_reg_levels_", count), {
  d <- mixed_rows(500, 130 + count, levels = count)
  d$signal <- d$signal + (as.integer(d$f) * 7) %% 11
  set.seed(1)
  m <- fit_forest(form("signal ~ f + a + g"), d, ntree = 6, nodesize = 25, mtry = 2)
  nd <- mixed_rows(2 * count + 20, 131, levels = count)[c("f", "a", "g")]
  nd$f[seq_len(count)] <- levels(nd$f)
  forest_case(m, nd, call = "predict(m, nd)", questions = response_only, notes = paste("split masks of", count, "bits in a double; every level occurs"))
})
add("rf_class_levels_53", {
  d <- mixed_rows(600, 133, levels = 53)
  set.seed(1)
  d$y <- factor(ifelse((as.integer(d$f) * 7) %% 11 + rnorm(600) > 5, "yes", "no"))
  m <- fit_forest(form("y ~ f + a"), d, ntree = 9, nodesize = 20, mtry = 2)
  nd <- mixed_rows(130, 134, levels = 53)[c("f", "a")]
  nd$f[1:53] <- levels(nd$f)
  forest_case(m, nd, call = "predict(m, nd, type = ...)", questions = all_votes, ties = ties_of(m, nd), notes = "two classes: R orders the 53 levels, masks use bits up to 52")
})
add("rf_class_levels_25_three_classes", {
  d <- mixed_rows(400, 135, levels = 25)
  d$y <- classes_of(d, 136)
  set.seed(1)
  m <- fit_forest(form("y ~ f + b"), d, ntree = 9, nodesize = 15, mtry = 2)
  nd <- mixed_rows(70, 137, levels = 25)[c("f", "b")]
  forest_case(m, nd, call = "predict(m, nd, type = ...)", questions = all_votes, ties = ties_of(m, nd), notes = "more than ten levels and three classes: random subsets of levels")
})
add("rf_levels_order_swapped", {
  d <- mixed_rows(200, 139)
  set.seed(1)
  m <- fit_forest(form("signal ~ f + g"), d, ntree = 8, nodesize = 10)
  nd <- mixed_rows(40, 140)[c("f", "g")]
  nd$f <- factor(as.character(nd$f), rev(levels(nd$f)))
  nd$g <- factor(as.character(nd$g), c("mid", "low", "high"))
  forest_case(m, nd, call = "predict(m, nd)", questions = response_only,
              notes = "levels of newdata exchanged in pairs: here R does map them by name (it permutes wrongly when the order is not its own inverse)")
})
add("rf_xy_ordered_logical", {
  d <- mixed_rows(200, 141)[c("o", "t", "g", "a")]
  y <- mixed_rows(200, 141)$signal
  set.seed(1)
  m <- fit_forest(d, y, ntree = 8, nodesize = 10)
  forest_case(m, mixed_rows(40, 142)[c("a", "o", "g", "t")], call = "predict(m, nd)", questions = response_only,
              notes = "x/y interface keeps the levels of an ordered factor; it splits as a number")
})

# ---- classification ----
add("rf_class_xy", {
  d <- mixed_rows(250, 151)[c("a", "b", "g", "k")]
  y <- classes_of(mixed_rows(250, 151), 152)
  set.seed(1)
  m <- fit_forest(d, y, ntree = 15, nodesize = 5)
  nd <- mixed_rows(60, 153)[c("a", "b", "g", "k")]
  forest_case(m, nd, call = "predict(m, nd, type = ...)", questions = all_votes, ties = ties_of(m, nd))
})
add("rf_class_formula_na_dot", {
  d <- mixed_rows(250, 154)[c("a", "b", "g", "k", "signal")]
  d$y <- classes_of(d, 155)
  set.seed(1)
  m <- fit_forest(form("y ~ . - k - signal"), d, ntree = 11)
  nd <- with_holes(mixed_rows(60, 156)[c("a", "b", "g", "k", "signal")], c("a", "g", "k"), 12)
  forest_case(m, nd, call = "predict(m, nd, type = ...)", questions = all_votes, ties = ties_of(m, nd),
              notes = "'. - k - signal': R still wants k and signal in newdata, and a row where k is NA gives NA")
})
add("rf_class_cutoff_fit", {
  d <- mixed_rows(250, 157)
  d$y <- classes_of(d, 158)
  set.seed(1)
  m <- fit_forest(form("y ~ a + b + g"), d, ntree = 13, cutoff = c(0.5, 0.1, 0.4))
  nd <- mixed_rows(60, 159)[c("a", "b", "g")]
  forest_case(m, nd, call = "predict(m, nd, type = ...)", questions = all_votes, ties = ties_of(m, nd), notes = "winner has the largest (votes / ntree) / cutoff")
})
add("rf_class_cutoff_predict", {
  d <- mixed_rows(250, 160)
  d$y <- classes_of(d, 161)
  set.seed(1)
  m <- fit_forest(form("y ~ a + b + g"), d, ntree = 13)
  nd <- mixed_rows(60, 162)[c("a", "b", "g")]
  cut <- c(0.2, 0.7, 0.1)
  forest_case(m, nd, call = "predict(m, nd, cutoff = c(.2, .7, .1))", ties = ties_of(m, nd, cut), notes = "cutoff given when predicting, in the order of the classes",
              questions = function(m, nd) list(ask("response", predict(m, nd, cutoff = cut), cutoff = cut),
                                               ask("class", predict(m, nd, type = "class", cutoff = cut), cutoff = cut),
                                               ask("vote", predict(m, nd, type = "vote", norm.votes = FALSE), norm.votes = FALSE)))
})
add("rf_class_even_ties", {
  d <- mixed_rows(150, 163)
  d$y <- factor(ifelse(d$signal > 0, "pos", "neg"))
  set.seed(1)
  m <- fit_forest(form("y ~ a + b"), d, ntree = 4, maxnodes = 4)
  nd <- mixed_rows(80, 164)[c("a", "b")]
  stopifnot(length(ties_of(m, nd)) > 3)
  forest_case(m, nd, call = "predict(m, nd, type = ...)", questions = all_votes, ties = ties_of(m, nd), notes = "an even number of trees: R draws lots in the listed rows")
})
add("rf_class_sampsize_classwt", {
  d <- mixed_rows(300, 165)
  d$y <- classes_of(d, 166)
  set.seed(1)
  m <- fit_forest(form("y ~ a + b + k + g"), d, ntree = 21, sampsize = c(20, 30, 20), strata = d$y, classwt = c(1, 5, 2), replace = FALSE)
  nd <- mixed_rows(60, 167)[c("k", "a", "g", "b")]
  forest_case(m, nd, call = "predict(m, nd, type = ...)", questions = all_votes, ties = ties_of(m, nd), notes = "class weights shape the trees only: each tree has one vote")
})
add("rf_class_500_trees", {
  d <- mixed_rows(100, 168)
  d$y <- factor(ifelse(d$signal > 0, "TRUE", "FALSE"))
  set.seed(1)
  m <- fit_forest(form("y ~ a + b + t"), d, ntree = 501, maxnodes = 5)
  nd <- mixed_rows(60, 169)[c("a", "b", "t")]
  forest_case(m, nd, call = "predict(m, nd, type = ...)", questions = all_votes, ties = ties_of(m, nd), notes = "class names that look like truth values")
})

# ---- what R refuses ----
refused <- function(m, nd) predict(m, nd)
for (reason in c("new_level", "missing_column", "number_for_factor", "text_for_number", "infinite")) add(paste0("rf_error_", reason), {
  d <- mixed_rows(80, 171)
  set.seed(1)
  m <- fit_forest(form("signal ~ a + g"), d, ntree = 3, nodesize = 10)
  nd <- mixed_rows(8, 172)[c("a", "g")]
  if (reason == "new_level") nd$g <- factor(c(as.character(nd$g)[-8], "lowest"))
  if (reason == "missing_column") nd$a <- NULL
  if (reason == "number_for_factor") nd$g <- as.integer(nd$g)
  if (reason == "infinite") nd$a[2] <- Inf
  if (reason == "text_for_number") nd$a <- factor(paste0("x", nd$a))
  forest_case(m, nd, call = "predict(m, nd)", fails = refused)
})
for (reason in c("na", "missing_column")) add(paste0("rf_error_xy_", reason), {
  d <- mixed_rows(80, 173)[c("a", "g")]
  y <- mixed_rows(80, 173)$signal
  set.seed(1)
  m <- fit_forest(d, y, ntree = 3, nodesize = 10)
  nd <- mixed_rows(8, 174)[c("a", "g")]
  if (reason == "na") nd$a[3] <- NA else nd$a <- NULL
  forest_case(m, nd, call = "predict(m, nd)", fails = refused, notes = "x/y interface")
})
add("rf_error_no_forest", {
  d <- mixed_rows(80, 175)
  set.seed(1)
  m <- fit_forest(form("signal ~ a + g"), d, ntree = 3, keep.forest = FALSE)
  forest_case(m, mixed_rows(8, 176)[c("a", "g")], call = "predict(m, nd)", fails = refused, notes = "keep.forest = FALSE")
})
