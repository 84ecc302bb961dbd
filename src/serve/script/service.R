# What makes a warm R worker a service: evaluated in it once (frame 3 of docs/formats/worker.md), then open(options) gives the function that answers each
# request's payload.

open <- function(options) {
  if (nzchar(options$model)) assign("model", read_model(options$model), globalenv())
  switch(options$form,
    plumber = open_plumber(options),
    model = rows_function(predict_with(get("model", globalenv()))),
    rows_function(open_function(options))
  )
}

read_model <- function(path) {
  if (grepl("[.]rds$", path, ignore.case = TRUE)) return(readRDS(path))
  place <- new.env(parent = emptyenv())
  names <- load(path, place)
  if (length(names) != 1L) stop("'", path, "' holds ", length(names), " objects; a model's file holds one")
  place[[names]]
}

# Its package's predict() method, which R finds once the package is loaded.
predict_with <- function(model) {
  force(model)
  has_method <- function() any(vapply(class(model), function(one) !is.null(utils::getS3method("predict", one, optional = TRUE)), NA))
  packages <- c(sub("[.].*$", "", class(model)), attr(class(model), "package"),
    c(xgb.Booster = "xgboost", lgb.Booster = "lightgbm", train = "caret", coxph = "survival", survreg = "survival", nnet.formula = "nnet",
      svm = "e1071", naiveBayes = "e1071", lme = "nlme", lmerMod = "lme4", glmerMod = "lme4", gam = "mgcv", polr = "MASS", lda = "MASS",
      cv.glmnet = "glmnet", elnet = "glmnet", ksvm = "kernlab", workflow = "workflows")[class(model)])
  for (package in unique(packages[!is.na(packages)])) {
    if (has_method()) break
    suppressWarnings(suppressMessages(requireNamespace(package, quietly = TRUE)))
  }
  if (!has_method() && !isS4(model)) stop("no package here has a predict() for a model of class ", paste(class(model), collapse = ", "))
  function(df) stats::predict(model, df)
}

open_function <- function(options) {
  suppressPackageStartupMessages(sys.source(options$script, envir = globalenv()))
  if (exists("init", globalenv(), mode = "function", inherits = FALSE)) get("init", globalenv())()
  if (!exists(options$`function`, globalenv(), mode = "function"))
    stop("'", options$script, "' defines no function ", options$`function`, "()")
  f <- get(options$`function`, globalenv(), mode = "function")
  if (nzchar(options$model) && length(setdiff(names(formals(args(f))), "...")) >= 2L) {
    model <- get("model", globalenv())
    return(function(df) f(df, model))
  }
  f
}

# Of each kind of answer its columns, as plain vectors.
rows_function <- function(f) {
  force(f)
  plain <- function(x) {
    if (is.factor(x)) return(as.character(x))
    if (inherits(x, c("Date", "POSIXt"))) return(format(x))
    if (is.object(x) || !(is.numeric(x) || is.logical(x) || is.character(x)))
      stop("the function's answer has a column of class ", class(x)[1L], "; numbers, texts, logicals, factors and dates can be sent")
    attributes(x) <- NULL
    x
  }
  columns <- function(value) {
    if (is.data.frame(value)) return(lapply(structure(unclass(value), row.names = NULL), plain))
    if (is.matrix(value)) {
      parts <- lapply(seq_len(ncol(value)), function(i) plain(value[, i]))
      names(parts) <- colnames(value)
      return(parts)
    }
    if (is.atomic(value) && !is.null(value) || is.factor(value)) return(list(plain(value)))
    if (is.list(value) && length(value) > 0L && length(unique(lengths(value))) == 1L) return(lapply(value, plain))
    stop("the function must answer a vector, a matrix, a data frame or a list of columns, not ", class(value)[1L])
  }
  function(df) {
    value <- f(df)
    if (is.double(value) && is.null(dim(value)) && !is.object(value)) {
      attributes(value) <- NULL
      return(list(value))
    }
    columns(value)
  }
}
