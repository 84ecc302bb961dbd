# Fits random models of every family on random data with random options, stores them in a random form, and compares
# what build/scoria predicts for new rows with what predict() says: sums and votes of trees bit for bit, what passes exp() to
# 1e-14; the other families (families/*.R) as each says.
# usage: Rscript tests/r/live_compare.R path/to/scoria [MODELS]      SCORIA_SEED=N repeats a run (needs gbm, randomForest, nnet, MASS, e1071, quantreg, rpart)
suppressMessages({ library(gbm); library(randomForest) })
source("tests/golden/golden_writer.R")  # write_rows(): every bit of a double, NA and NaN apart

arguments <- commandArgs(trailingOnly = TRUE)
scoria <- normalizePath(arguments[1])
models <- if (length(arguments) > 1) as.integer(arguments[2]) else 200L
first_seed <- as.integer(Sys.getenv("SCORIA_SEED", as.character(as.integer(Sys.time()) %% 1000000L)))
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
folder <- tempfile("live")
dir.create(folder)
one_of <- function(...) { choices <- list(...); choices[[sample.int(length(choices), 1)]] }
chance <- function(p) runif(1) < p

# Left alone, few rows take the plain walk; by name every kernel that this processor runs gets its share of them.
flags <- if (file.exists("/proc/cpuinfo")) strsplit(grep("^flags", readLines("/proc/cpuinfo"), value = TRUE)[1], " ")[[1]]
targets <- c("plain", if ("avx2" %in% flags) "avx2", if (all(c("avx512bw", "avx512cd") %in% flags)) "avx512")

# ---- random data -----------------------------------------------------------------------------------------------------

# Numbers on a coarse grid meet thresholds exactly; the others have all their bits.
random_numbers <- function(n) {
  one_of(function() rnorm(n), function() round(rnorm(n), 1), function() exp(rnorm(n, sd = 4)),
         function() as.double(sample(-3:3, n, TRUE)), function() sample(-40:40, n, TRUE))()
}
random_factor <- function(n, most) {
  k <- sample(2:most, 1)
  labels <- paste0(sample(c("a", "Z", "\u00e9", "x y", "q\"t", "0", "b,c"), k, TRUE), "_", sample(k))
  levels <- sample(labels)  # not in any order
  factor(sample(levels, n, TRUE), levels = levels)
}
random_columns <- function(n, most_levels) {
  p <- sample(2:6, 1)
  columns <- lapply(seq_len(p), function(i) if (chance(0.35)) random_factor(n, most_levels) else random_numbers(n))
  if (all(vapply(columns, is.factor, NA))) columns[[1]] <- random_numbers(n)
  as.data.frame(setNames(columns, paste0(sample(c("x", "Price.", "a_"), p, TRUE), seq_len(p))))
}
signal <- function(x) {
  parts <- lapply(x, function(v) {
    if (is.factor(v)) rnorm(nlevels(v))[v] else { z <- rank(v) / length(v); sin(runif(1, 1, 9) * z) }
  })
  Reduce(`+`, parts) + rnorm(nrow(x), sd = 0.3)
}
with_missing <- function(x, p, nan = TRUE) {
  as.data.frame(lapply(x, function(v) {
    v[runif(length(v)) < p] <- NA
    if (nan && is.double(v)) v[runif(length(v)) < p / 2] <- NaN
    v
  }), check.names = FALSE)
}
# New rows: old ones mixed column by column, sometimes with values beyond the old range, in another order of columns.
new_rows <- function(x, n, beyond) {
  rows <- as.data.frame(lapply(x, function(v) {
    v <- sample(v, n, TRUE)
    if (beyond && is.double(v)) v <- v * sample(c(1, 1, 1, 3, -2), n, TRUE)
    v
  }), check.names = FALSE)
  rows[sample(names(rows))]
}

# ---- one comparison --------------------------------------------------------------------------------------------------

store <- function(model, path) {
  form <- one_of("gzip", "bzip2", "xz", "none", "ascii", "version 2", "native", "workspace")
  version <- 3L
  stream <- function(...) { out <- file(path, "wb"); on.exit(close(out)); serialize(model, out, ...) }
  switch(form,
    gzip = , bzip2 = , xz = saveRDS(model, path, compress = form),
    none = saveRDS(model, path, compress = FALSE),
    ascii = stream(ascii = NA),  # hexadecimal: keeps every bit
    `version 2` = saveRDS(model, path, version = 2),
    native = stream(ascii = FALSE, xdr = FALSE),
    workspace = save(model, file = path, version = one_of(2, 3)))
  form
}

run_scoria <- function(model_file, rows, type, parameters, simd) {
  input <- file.path(folder, "rows.csv")
  output <- file.path(folder, "predictions.csv")
  unlink(output)
  write_rows(rows, input)
  flags <- c("score", model_file, input, "-o", output, "--type", type, "--simd", simd)
  for (name in names(parameters)) {
    value <- parameters[[name]]
    word <- if (!is.numeric(value)) as.character(value) else sprintf("%.17g", value)
    flags <- c(flags, "--param", paste0(name, "=", paste(word, collapse = ",")))
  }
  errors <- file.path(folder, "errors.txt")
  code <- system2(scoria, shQuote(flags), stdout = errors, stderr = errors)
  if (code != 0) stop(paste(readLines(errors, warn = FALSE), collapse = " "))
  # As text: exact_numbers() keeps every bit.
  read.csv(output, check.names = FALSE, colClasses = "character", na.strings = character(), encoding = "UTF-8")
}

# The double nearest to each word, which jsonlite (strtod) finds; as.numeric() can be one bit off for 16 or 17 digits.
exact_numbers <- function(words) {
  special <- words %in% c("NA", "NaN", "Inf", "-Inf")
  value <- rep(NA_real_, length(words))
  value[special] <- suppressWarnings(as.numeric(words[special]))
  value[!special] <- as.double(fromJSON(paste0("[", paste(words[!special], collapse = ","), "]")))
  value
}

# The largest relative difference, where the absolute one is above `floor`; Inf where one side is missing, NaN or another label.
difference <- function(ours, reference, floor = 0) {
  if (is.character(reference)) return(if (identical(enc2utf8(ours), enc2utf8(reference))) 0 else Inf)
  value <- exact_numbers(ours)
  # A missing prediction may be NA or NaN on either side: R itself does not keep them apart through exp().
  if (!identical(is.na(value), is.na(reference))) return(Inf)
  known <- !is.na(reference)
  same <- value[known] == reference[known] | abs(value[known] - reference[known]) <= floor
  if (all(same)) return(0)
  a <- value[known][!same]
  b <- reference[known][!same]
  max(abs(a - b) / pmax(abs(b), .Machine$double.xmin))
}

compare <- function(what, model, rows, type, reference, parameters, tolerance, skip_rows = integer(), floor = 0) {
  model_file <- file.path(folder, "model")
  form <- store(model, model_file)
  simd <- sample(c("auto", targets), 1)
  ours <- run_scoria(model_file, rows, type, parameters, simd)
  expected <- answer_columns(ask(type, reference))
  if (length(ours) != length(expected)) stop("columns: ours ", length(ours), ", R ", length(expected))
  if (nrow(ours) != length(expected[[1]])) stop("rows: ours ", nrow(ours), ", R ", length(expected[[1]]))
  worst <- 0
  for (j in seq_along(expected)) {
    answer <- expected[[j]]
    if (is.factor(answer)) answer <- as.character(answer)
    mine <- ours[[j]]
    if (is.character(answer)) answer[is.na(answer)] <- "NA"
    keep <- setdiff(seq_along(answer), skip_rows)
    worst <- max(worst, difference(mine[keep], answer[keep], floor))
  }
  if (worst > tolerance) stop(sprintf("differs by %.3g, allowed %.0e (%s, stored as %s, --simd %s)", worst, tolerance, what, form, simd))
}

# ---- families --------------------------------------------------------------------------------------------------------

random_gbm <- function() {
  n <- sample(80:400, 1)
  x <- random_columns(n, most_levels = 30)
  y <- signal(x)
  family <- one_of("gaussian", "laplace", "bernoulli", "adaboost", "poisson", "huberized", "quantile", "tdist", "multinomial")
  response <- switch(family,
    bernoulli = , adaboost = , huberized = as.integer(y > median(y)),
    poisson = rpois(n, exp(pmin(y, 3))),
    multinomial = factor(c("low", "mid", "high")[cut(y, c(-Inf, quantile(y, 1:2 / 3), Inf), labels = FALSE)]),
    y)
  if (chance(0.5)) x <- with_missing(x, 0.1, nan = FALSE)
  trees <- sample(c(1:5, 20:150), 1)
  model <- suppressWarnings(gbm(response ~ ., data = cbind(response = response, x),
    distribution = if (family == "quantile") list(name = family, alpha = runif(1)) else family,
    n.trees = trees, interaction.depth = sample(c(1:8, 20), 1), shrinkage = one_of(0.1, 0.01, 0.5), n.minobsinnode = sample(2:10, 1),
    bag.fraction = one_of(0.5, 0.8, 1), train.fraction = one_of(1, 1, 0.7), keep.data = chance(0.3), verbose = FALSE))
  rows <- new_rows(x, sample(c(1, 7, 64, 129, 3000), 1), beyond = chance(0.5))
  if (chance(0.6)) rows <- with_missing(rows, 0.15)
  type <- one_of("link", "response")
  counts <- if (chance(0.4)) sort(sample.int(trees, min(trees, sample(2:4, 1)))) else sample.int(trees, 1)
  if (family == "multinomial") counts <- unique(counts)
  single <- family != "multinomial" && chance(0.15)
  reference <- suppressWarnings(predict(model, rows, n.trees = counts, type = type, single.tree = single))
  passes_exp <- type == "response" && family %in% c("bernoulli", "adaboost", "poisson", "multinomial")
  parameters <- list(n.trees = counts)
  if (single) parameters$single.tree <- TRUE
  compare(paste("gbm", family, type), model, rows, type, reference, parameters, if (passes_exp) 1e-14 else 0)
}

random_forest <- function() {
  n <- sample(60:300, 1)
  x <- random_columns(n, most_levels = one_of(6, 30, 53))
  y <- signal(x)
  is_class <- chance(0.5)
  if (is_class) y <- cut(y, c(-Inf, quantile(y, one_of(0.5, c(0.3, 0.7))), Inf), labels = FALSE)
  if (is_class) y <- factor(paste("class", y))
  trees <- sample(c(1, 2, 10:80), 1)
  nodes <- if (chance(0.3)) sample(4:40, 1)
  by_formula <- chance(0.5)
  options <- list(ntree = trees, mtry = sample(ncol(x), 1), nodesize = sample(1:8, 1), maxnodes = nodes, keep.inbag = chance(0.2))
  if (!is_class) options$corr.bias <- chance(0.2)
  model <- suppressWarnings(do.call(randomForest, c(
    if (by_formula) list(y ~ ., data = cbind(y = y, x)) else list(x = x, y = y), options)))
  if (by_formula) model$call <- NULL  # do.call leaves the data in it
  rows <- new_rows(x, sample(c(1, 7, 64, 129, 3000), 1), beyond = chance(0.5))
  # The x/y interface stops at a missing value; a formula gives NA for the row.
  if (by_formula && chance(0.5)) rows <- with_missing(rows, 0.1)
  type <- if (is_class) one_of("response", "prob", "vote") else "response"
  lots <- integer()
  if (is_class && type == "response") {
    # Equal votes are drawn by lot in R, so those rows have no answer to compare with.
    votes <- predict(model, rows, type = "vote", norm.votes = FALSE)
    if (is.null(dim(votes))) votes <- matrix(votes, nrow = nrow(rows))
    lots <- tie_rows(votes, model$forest$cutoff, trees)
  }
  parameters <- list()
  if (type == "vote" && chance(0.5)) parameters$norm.votes <- FALSE
  reference <- do.call(predict, c(list(model, rows, type = type), parameters))
  if (is_class && type != "response" && is.null(dim(reference))) reference <- matrix(reference, 1, dimnames = list(NULL, model$classes))
  compare(paste("randomForest", if (is_class) "classes" else "numbers", type), model, rows, type, unname_rows(reference), parameters, 0, lots)
}
unname_rows <- function(v) {
  if (is.null(dim(v))) return(unname(v))
  dimnames(v) <- list(NULL, colnames(v))
  unclass(v)
}

# Each adds its functions to `families`.
families <- list()
for (part in list.files("tests/r/families", full.names = TRUE)) source(part)
# A fifth each for the two of trees, whose kernels have most ways to go.
unfitted <- 0L  # fits that R itself gave up
random_model <- function() {
  if (chance(0.4)) return(if (chance(0.5)) random_gbm() else random_forest())
  do.call(one_of, families)()
}

# ---- the run ---------------------------------------------------------------------------------------------------------

packages <- c("gbm", "randomForest", "nnet", "MASS", "e1071", "quantreg", "rpart")
cat(sprintf("%d random models, SCORIA_SEED=%d, R %s, %s\n", models, first_seed, getRversion(),
            paste(packages, vapply(packages, function(p) as.character(packageVersion(p)), ""), collapse = ", ")))
failed <- 0L
for (i in seq_len(models)) {
  set.seed(first_seed + i)  # one model can be repeated: SCORIA_SEED=(seed - 1) and MODELS=1
  problem <- tryCatch({ random_model(); NULL }, error = conditionMessage)
  if (!is.null(problem)) {
    failed <- failed + 1L
    cat(sprintf("FAILED: model %d (repeat: SCORIA_SEED=%d, 1 model): %s\n", i, first_seed + i - 1L, problem))
  }
}
unlink(folder, recursive = TRUE)
cat(sprintf("%d passed, %d failed (R could not fit %d)\n", models - failed, failed, unfitted))
quit(status = if (failed == 0) 0 else 1)
